"""Sends a job for every promotion of a CSV file, and notes each one that the queue has acknowledged."""

import argparse
import csv
import json
import time
from pathlib import Path

from journal import Journal
from queues import JOBS, client, url_of


def promotions(path, jobs):
    """The file's first rows; when more jobs are wanted than there are rows, its rows again under new ids."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise SystemExit(f"{path} holds no promotion")
    for number in range(len(rows) if jobs is None else jobs):
        turn, place = divmod(number, len(rows))
        row = rows[place]
        yield row if turn == 0 else row | {"id": f"{row['id']}.{turn}"}


def send(sqs, queue_url, row):
    return sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(row))["MessageId"]


def main():
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path, default=here / "promotions.csv")
    parser.add_argument("--jobs", type=int, help="how many to send [default: one per row]")
    parser.add_argument("--sent", type=Path, required=True, help="journal of acknowledged jobs")
    options = parser.parse_args()

    sqs = client()
    queue_url = url_of(sqs, JOBS)
    sent = Journal(options.sent)
    for row in promotions(options.csv, options.jobs):
        message = send(sqs, queue_url, row)
        sent.add({"message": message, "promotion": row["id"], "at": time.time()})


if __name__ == "__main__":
    main()
