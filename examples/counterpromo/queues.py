"""Counter Promo's queues: the jobs, and the jobs that failed too often.

    python queues.py create     creates both queues (or finds them as they should be)
    python queues.py count      prints how many messages each of them holds
"""

import argparse
import json

import boto3
from botocore.config import Config

JOBS = "counterpromo-dev-jobs"
DEAD_LETTERS = "counterpromo-dev-jobs-dlq"

# How long a worker has for a batch before others get to see its jobs.
VISIBILITY_SECONDS = 5
# A job that fails this often is given up and becomes a dead letter.
RECEIVES_MAX = 3
DAY_SECONDS = 24 * 60 * 60


def client():
    """An SQS client. Endpoint, region and credentials come from the environment, as everywhere with AWS."""
    patient = Config(retries={"mode": "standard", "max_attempts": 10}, connect_timeout=5, read_timeout=30)
    return boto3.client("sqs", config=patient)


def url_of(sqs, queue):
    return sqs.get_queue_url(QueueName=queue)["QueueUrl"]


def create(sqs):
    tags = {"project": "counterpromo", "environment": "dev"}
    dead_letters = sqs.create_queue(
        QueueName=DEAD_LETTERS,
        Attributes={"MessageRetentionPeriod": str(14 * DAY_SECONDS)},
        tags=tags,
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES_MAX}
    jobs = sqs.create_queue(
        QueueName=JOBS,
        Attributes={
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
            "MessageRetentionPeriod": str(4 * DAY_SECONDS),
            "RedrivePolicy": json.dumps(redrive),
        },
        tags=tags,
    )["QueueUrl"]
    return {JOBS: jobs, DEAD_LETTERS: dead_letters}


def count(sqs):
    """Messages of each queue, whether they wait, are delayed or are in a worker's hands."""
    kinds = ["", "Delayed", "NotVisible"]
    names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    counts = {}
    for queue in (JOBS, DEAD_LETTERS):
        attributes = sqs.get_queue_attributes(QueueUrl=url_of(sqs, queue), AttributeNames=names)["Attributes"]
        counts[queue] = sum(int(attributes[name]) for name in names)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("task", choices=["create", "count"])
    task = {"create": create, "count": count}[parser.parse_args().task]
    print(json.dumps(task(client())))


if __name__ == "__main__":
    main()
