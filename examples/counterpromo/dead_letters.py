"""Takes the dead letters out of their queue and writes them down for a person to look at; until told to stop."""

import argparse
import json
from pathlib import Path

from journal import Journal
from queues import DEAD_LETTERS, client, url_of
from stopping import Stopping


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal", type=Path, required=True, help="where to write them down")
    options = parser.parse_args()

    stopping = Stopping()
    sqs = client()
    queue_url = url_of(sqs, DEAD_LETTERS)
    journal = Journal(options.journal)
    while True:
        with stopping.waiting():
            answer = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=20,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        for letter in answer.get("Messages", []):
            promotion = json.loads(letter["Body"])
            journal.add({"message": letter["MessageId"], "promotion": promotion["id"], "row": promotion})
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=letter["ReceiptHandle"])


if __name__ == "__main__":
    main()
