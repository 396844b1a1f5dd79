"""Moments, in a form whose order is that of time."""

from datetime import datetime, timedelta, timezone


def now():
    return datetime.now(timezone.utc)


def timestamp(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_after(moment, days):
    """Seconds since the epoch, as time to live wants them."""
    return int((moment + timedelta(days=days)).timestamp())
