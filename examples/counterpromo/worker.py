"""Does the jobs: checks each promotion, works out its price and writes the result; until told to stop.

A job is deleted only after its result is safe, so a worker or a queue that dies in between costs no job: it comes
back, is done again, and gives the same result. A job that cannot be done is left alone and comes back too, until the
queue gives it up as a dead letter.
"""

import argparse
import json
import time
from pathlib import Path

from journal import Journal, write_whole
from promotions import Promotion
from queues import JOBS, client, url_of
from stopping import Stopping


class Worker:
    def __init__(self, sqs, results, attempts):
        self.sqs = sqs
        self.queue_url = url_of(sqs, JOBS)
        self.results = results
        self.attempts = attempts

    def run(self, stopping):
        while True:
            with stopping.waiting():
                jobs = self.receive()
            self.delete([job for job in jobs if self.attempt(job)])

    def receive(self):
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=20,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return answer.get("Messages", [])

    def attempt(self, job):
        """Whether the job is done."""
        entry = {
            "message": job["MessageId"],
            "receive": int(job["Attributes"]["ApproximateReceiveCount"]),
            "at": time.time(),
        }
        try:
            self.do(job)
        except Exception as error:  # whatever is wrong with one job, the others go on
            self.attempts.add(entry | {"done": False, "error": repr(error)})
            return False
        self.attempts.add(entry | {"done": True})
        return True

    def do(self, job):
        promotion = Promotion.from_row(json.loads(job["Body"]))
        write_whole(self.results / f"{job['MessageId']}.json", promotion.result())

    def delete(self, jobs):
        if not jobs:
            return
        entries = [{"Id": str(n), "ReceiptHandle": job["ReceiptHandle"]} for n, job in enumerate(jobs)]
        answer = self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
        for failure in answer.get("Failed", []):
            print(f"{jobs[int(failure['Id'])]['MessageId']} comes back: {failure}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="folder for one file per job")
    parser.add_argument("--attempts", type=Path, required=True, help="journal of every attempt at a job")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)

    stopping = Stopping()
    Worker(client(), options.results, Journal(options.attempts)).run(stopping)


if __name__ == "__main__":
    main()
