"""Objects that may not be deleted for a time."""

import datetime

from support.s3 import bucket, code, operation, put, s3

# Whole seconds, as S3 keeps it.
UNTIL = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=2)


def locking(account):
    """A bucket whose objects can be locked."""
    return bucket(account, ObjectLockEnabledForBucket=True)


def rule(days, mode="GOVERNANCE"):
    retention = {"DefaultRetention": {"Mode": mode, "Days": days}}
    return {"ObjectLockEnabled": "Enabled", "Rule": retention}


def deletion(account, name, version):
    """What comes of deleting a version."""
    return code(s3(account).delete_object, Bucket=name, Key="key", VersionId=version)


@operation
def put_object_lock_configuration(account, call):
    name = locking(account)
    assert call("PutObjectLockConfiguration", Bucket=name, ObjectLockConfiguration=rule(3)) == {}
    version = put(account, name)["VersionId"]
    assert s3(account).head_object(Bucket=name, Key="key")["ObjectLockMode"] == "GOVERNANCE"
    assert deletion(account, name, version) == "AccessDenied"
    by_force = {"VersionId": version, "BypassGovernanceRetention": True}
    s3(account).delete_object(Bucket=name, Key="key", **by_force)
    assert code(s3(account).get_object, Bucket=name, Key="key") == "NoSuchKey"


@operation
def get_object_lock_configuration(account, call):
    name = locking(account)
    wanted = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    assert call("GetObjectLockConfiguration", Bucket=name) == wanted
    s3(account).put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=rule(3, "COMPLIANCE"))
    wanted = {"ObjectLockConfiguration": rule(3, "COMPLIANCE")}
    assert call("GetObjectLockConfiguration", Bucket=name) == wanted


@operation
def put_object_retention(account, call):
    name = locking(account)
    version = put(account, name)["VersionId"]
    retention = {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL}
    assert call("PutObjectRetention", Bucket=name, Key="key", VersionId=version, Retention=retention) == {}
    assert s3(account).get_object_retention(Bucket=name, Key="key")["Retention"] == retention
    assert deletion(account, name, version) == "AccessDenied"


@operation
def get_object_retention(account, call):
    name = locking(account)
    put(account, name, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=UNTIL)
    wanted = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}}
    assert call("GetObjectRetention", Bucket=name, Key="key") == wanted


@operation
def put_object_legal_hold(account, call):
    name = locking(account)
    version = put(account, name)["VersionId"]
    assert call("PutObjectLegalHold", Bucket=name, Key="key", LegalHold={"Status": "ON"}) == {}
    assert deletion(account, name, version) == "AccessDenied"
    call("PutObjectLegalHold", Bucket=name, Key="key", LegalHold={"Status": "OFF"})
    s3(account).delete_object(Bucket=name, Key="key", VersionId=version)
    assert code(s3(account).get_object, Bucket=name, Key="key") == "NoSuchKey"


@operation
def get_object_legal_hold(account, call):
    name = locking(account)
    put(account, name, ObjectLockLegalHoldStatus="ON")
    assert call("GetObjectLegalHold", Bucket=name, Key="key") == {"LegalHold": {"Status": "ON"}}
