"""DynamoDB's exports to S3 and imports from it: every item and every type, changes, permissions, and SIGKILL in the middle."""

import base64
import gzip
import hashlib
import json
import time

from support.aws import REGION, Account, client_of, make_client

KEY = "437064342167"
ITEMS = 3_000
# Exports and imports are made behind requests; this is how long one is waited for.
PATIENCE_S = 120
DEFINITION = {
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "c", "AttributeType": "N"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def table(account, items=()):
    """Makes a table that can be restored to any time, with these items, and gives its name."""
    name = account.name("table")
    client = account.client("dynamodb")
    client.create_table(TableName=name, **DEFINITION)
    client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    items = list(items)
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={name: requests})
    return name


def item(number):
    """An item with every type."""
    return {
        "p": {"S": f"partition {number % 17}"},
        "c": {"N": str(number)},
        "text": {"S": f"ü {number} \"quoted\" \\ \n\t line"},
        "number": {"N": f"-{number}.5"},
        "bytes": {"B": bytes([number % 256, 0, 255])},
        "yes": {"BOOL": number % 2 == 0},
        "nothing": {"NULL": True},
        "list": {"L": [{"N": "1"}, {"S": ""}, {"M": {"x": {"B": b"\x00"}}}]},
        "map": {"M": {"a": {"L": []}, "b": {"M": {}}}},
        "texts": {"SS": ["a", f"b{number}"]},
        "numbers": {"NS": ["1", f"2.{number}5"]},
        "blobs": {"BS": [b"\x01", bytes([number % 200 + 2])]},
        "long": {"S": "x" * (number % 300)},
    }


def arn(account, name):
    return f"arn:aws:dynamodb:{REGION}:{account.key}:table/{name}"


def bucket(account):
    name = account.name("bucket")
    account.client("s3").create_bucket(Bucket=name)
    return name


def ended(describe, status):
    end = time.monotonic() + PATIENCE_S
    while True:
        found = describe()
        if found[status] != "IN_PROGRESS":
            return found
        assert time.monotonic() < end, "it is not done in time"
        time.sleep(0.05)


def exported(client, made):
    return ended(lambda: client.describe_export(ExportArn=made)["ExportDescription"], "ExportStatus")


def imported(client, made):
    return ended(lambda: client.describe_import(ImportArn=made)["ImportTableDescription"], "ImportStatus")


def export(account, name, **more):
    """Exports a table and gives the description of the export when it is done."""
    client = account.client("dynamodb")
    made = client.export_table_to_point_in_time(TableArn=arn(account, name), **more)["ExportDescription"]
    return exported(client, made["ExportArn"])


def import_from(account, source, prefix, **more):
    """Imports a new table; its name, and the description of the import when it is done."""
    client, name = account.client("dynamodb"), account.name("table")
    made = client.import_table(
        S3BucketSource={"S3Bucket": source, "S3KeyPrefix": prefix},
        InputFormat="DYNAMODB_JSON",
        TableCreationParameters={"TableName": name, **DEFINITION},
        **more,
    )["ImportTableDescription"]
    return name, imported(client, made["ImportArn"])


def everything(client, name):
    pages = client.get_paginator("scan").paginate(TableName=name)
    return by_number(item for page in pages for item in page["Items"])


def by_number(items):
    return {int(item["c"]["N"]): plain(item) for item in items}


def plain(value):
    """A value with its bytes as base64, and its sets in one order, as files have them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: sorted(plain(each)) if key in ("SS", "NS", "BS") else plain(each) for key, each in value.items()}
    return value


def read(s3, name, key):
    return s3.get_object(Bucket=name, Key=key)["Body"].read()


def lines(account, done):
    """The lines of an export's files; the manifests are looked at on the way."""
    s3, name = account.client("s3"), done["S3Bucket"]
    found = []
    summary = json.loads(read(s3, name, done["ExportManifest"]))
    assert (summary["exportArn"], summary["itemCount"]) == (done["ExportArn"], done["ItemCount"])
    for manifest in (done["ExportManifest"], summary["manifestFilesS3Key"]):
        digest = base64.b64encode(hashlib.md5(read(s3, name, manifest)).digest())
        assert read(s3, name, manifest.replace(".json", ".md5")) == digest
    for line in read(s3, name, summary["manifestFilesS3Key"]).splitlines():
        file = json.loads(line)
        body = read(s3, name, file["dataFileS3Key"])
        assert base64.b64encode(hashlib.md5(body).digest()).decode() == file["md5Checksum"]
        head = s3.head_object(Bucket=name, Key=file["dataFileS3Key"])
        assert head["ETag"] == f'"{file["etag"]}"'
        of_file = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        assert len(of_file) == file["itemCount"]
        found += of_file
    return found


def test_a_table_comes_back_from_its_export(account):
    written = [item(number) for number in range(ITEMS)]
    name, to = table(account, written), bucket(account)
    done = export(account, name, S3Bucket=to, S3Prefix="deep/folder")
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", ITEMS)
    found = lines(account, done)
    assert all(line.keys() == {"Item"} for line in found)
    assert by_number(line["Item"] for line in found) == by_number(written)
    prefix = done["ExportManifest"].replace("manifest-summary.json", "")
    keys = [each["Key"] for each in account.client("s3").list_objects_v2(Bucket=to)["Contents"]]
    assert prefix.startswith("deep/folder/AWSDynamoDB/") and all(key.startswith(prefix) for key in keys)
    assert f"{prefix}_started" in keys
    copy, done = import_from(account, to, f"{prefix}data/", InputCompressionType="GZIP")
    counts = ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")
    assert (done["ImportStatus"], *(done[count] for count in counts)) == ("COMPLETED", ITEMS, ITEMS, 0)
    client = account.client("dynamodb")
    assert everything(client, copy) == everything(client, name) == by_number(written)
    of_both = [client.describe_table(TableName=each)["Table"] for each in (copy, name)]
    assert of_both[0]["TableSizeBytes"] == of_both[1]["TableSizeBytes"]


def test_changes_are_exported_and_a_time_is_kept_to(own):
    name, to = table(own, [item(number) for number in range(50)]), bucket(own)
    client = own.client("dynamodb")
    own.server.advance(60)
    begin = now(client, name)
    for number in range(10):
        client.delete_item(TableName=name, Key={"p": item(number)["p"], "c": item(number)["c"]})
    for number in range(10, 20):
        client.put_item(TableName=name, Item={**item(number), "text": {"S": "new"}})
    client.put_item(TableName=name, Item=item(99))
    own.server.advance(16 * 60)
    end = now(client, name)
    client.put_item(TableName=name, Item=item(100))
    own.server.advance(60)
    time_of = {"ExportFromTime": begin, "ExportToTime": end}
    asked = {"S3Bucket": to, "ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": time_of}
    done = export(own, name, **asked)
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", 21)
    found = {int(line["Keys"]["c"]["N"]): line for line in lines(own, done)}
    assert found.keys() == set(range(20)) | {99}
    for number in range(10):
        assert found[number]["OldImage"]["text"] == item(number)["text"] and "NewImage" not in found[number]
    for number in range(10, 20):
        assert (found[number]["OldImage"]["text"], found[number]["NewImage"]["text"]) == (item(number)["text"], {"S": "new"})
    assert "OldImage" not in found[99] and plain(item(99)) == {**found[99]["NewImage"], **sets(found[99]["NewImage"])}
    stamps = [int(line["Metadata"]["WriteTimestampMicros"]["N"]) / 1e6 for line in found.values()]
    assert all(begin.timestamp() <= stamp < end.timestamp() for stamp in stamps)
    then = export(own, name, S3Bucket=to, ExportTime=begin)
    assert by_number(line["Item"] for line in lines(own, then)) == by_number(item(number) for number in range(50))


def sets(image):
    return {key: plain(value) for key, value in image.items()}


def now(client, name):
    """The server's time: up to which a table can be restored."""
    said = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return said["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]


def test_a_replica_is_exported_and_backed_up_where_it_is(account):
    """Its contents are in another region; its name, its log's end and its bucket are here."""
    home, to = account.client("dynamodb"), bucket(account)
    away = make_client(account.server, account.key, "dynamodb", region="eu-west-1")
    name = table(account, [item(number) for number in range(60)])
    home.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    arn_there = arn(account, name).replace(REGION, "eu-west-1")
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    away.update_continuous_backups(TableName=name, **recovery)
    away.put_item(TableName=name, Item=item(60))
    home.put_item(TableName=name, Item=item(61))
    asked = away.export_table_to_point_in_time(TableArn=arn_there, S3Bucket=to)["ExportDescription"]
    done = exported(away, asked["ExportArn"])
    assert (done["ExportStatus"], done["ItemCount"], done["TableArn"]) == ("COMPLETED", 62, arn_there)
    assert by_number(line["Item"] for line in lines(account, done)) == by_number(item(number) for number in range(62))
    backup = away.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    end = time.monotonic() + PATIENCE_S
    while away.describe_backup(BackupArn=backup)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "CREATING":
        assert time.monotonic() < end, "it is not done in time"
        time.sleep(0.05)
    home.put_item(TableName=name, Item=item(62))
    backed_up, latest = account.name("restored"), account.name("restored")
    away.restore_table_from_backup(BackupArn=backup, TargetTableName=backed_up)
    away.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=latest, UseLatestRestorableTime=True)
    for restored, count in ((backed_up, 62), (latest, 63)):
        away.get_waiter("table_exists").wait(TableName=restored, WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE_S})
        assert everything(away, restored) == by_number(item(number) for number in range(count))


def test_an_imported_table_has_the_ceilings_that_were_asked_for(account):
    client, name, ceilings = account.client("dynamodb"), account.name("table"), {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 5}
    made = client.import_table(
        S3BucketSource={"S3Bucket": bucket(account)},
        InputFormat="DYNAMODB_JSON",
        TableCreationParameters={"TableName": name, "OnDemandThroughput": ceilings, **DEFINITION},
    )["ImportTableDescription"]
    done = imported(client, made["ImportArn"])
    assert (done["ImportStatus"], done["TableCreationParameters"]["OnDemandThroughput"]) == ("COMPLETED", ceilings)
    assert client.describe_table(TableName=name)["Table"]["OnDemandThroughput"] == ceilings


def zstandard(text, block=1000):
    """A frame of Zstandard that looks back 1 KiB, whose blocks are as they were, behind one that is skipped."""
    skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    blocks = [text[start : start + block] for start in range(0, len(text), block)]
    frame = b"\x28\xb5\x2f\xfd\x80\x00" + len(text).to_bytes(4, "little")
    for number, part in enumerate(blocks, 1):
        frame += ((len(part) << 3) | (number == len(blocks))).to_bytes(3, "little") + part
    return skipped + frame


def test_zstandard_is_unpacked(account):
    source, client = bucket(account), account.client("dynamodb")
    text = "".join(json.dumps({"Item": plain(item(number))}) + "\n" for number in range(100)).encode()
    account.client("s3").put_object(Bucket=source, Key="good", Body=zstandard(text[:40_000]) + zstandard(text[40_000:]))
    account.client("s3").put_object(Bucket=source, Key="bad", Body=zstandard(text)[:-1])
    account.client("s3").put_object(Bucket=source, Key="plain", Body=text)
    name, done = import_from(account, source, "good", InputCompressionType="ZSTD")
    assert (done["ImportStatus"], done["ImportedItemCount"], done["InputCompressionType"]) == ("COMPLETED", 100, "ZSTD")
    assert everything(client, name) == by_number(item(number) for number in range(100))
    for key, least in (("bad", 90), ("plain", 0)):
        _, done = import_from(account, source, key, InputCompressionType="ZSTD")
        assert (done["ImportStatus"], done["FailureCode"], done["ErrorCount"]) == ("FAILED", "ItemValidationError", 1)
        assert least <= done["ImportedItemCount"] < 100


def test_what_is_spoiled_is_counted(account):
    source = bucket(account)
    good = [json.dumps({"Item": plain(item(number))}) for number in range(8)]
    bodies = {
        "type": [*good[:4], '{"Item": {"p": {"S": "a"}, "c": {"S": "1"}}}', *good[4:]],
        "key": [*good[:4], '{"Item": {"p": {"S": "a"}}}', *good[4:]],
        "large": [*good[:4], json.dumps({"Item": {"p": {"S": "a"}, "c": {"N": "1"}, "x": {"S": "x" * 410_000}}}), *good[4:]],
        # Where the next item begins cannot be told.
        "garbage": [*good[:4], "{{{", *good[4:]],
    }
    for key, body in bodies.items():
        account.client("s3").put_object(Bucket=source, Key=key, Body="\n".join(body))
        name, done = import_from(account, source, key)
        kept = 4 if key == "garbage" else 8
        counts = [done[count] for count in ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")]
        assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "ItemValidationError")
        assert counts == [kept + 1, kept, 1], key
        assert len(everything(account.client("dynamodb"), name)) == kept


def test_a_bucket_is_used_with_the_permissions_of_who_asks(account):
    name, to, iam = table(account, [item(1)]), bucket(account), account.client("iam")
    user = account.name("user")
    iam.create_user(UserName=user)
    credentials = iam.create_access_key(UserName=user)["AccessKey"]
    theirs = client_of(account.server, credentials, "dynamodb")

    def allow(*statements):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements]}
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(document))

    def attempt():
        made = theirs.export_table_to_point_in_time(TableArn=arn(account, name), S3Bucket=to)["ExportDescription"]
        return exported(theirs, made["ExportArn"])

    allow({"Action": "dynamodb:*"})
    refused = attempt()
    assert (refused["ExportStatus"], refused["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert "s3:PutObject" in refused["FailureMessage"] and user in refused["FailureMessage"]
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket=to)
    via = {"StringEquals": {"aws:CalledVia": "dynamodb.amazonaws.com"}}
    allow({"Action": "dynamodb:*"}, {"Action": "s3:PutObject", "Condition": via})
    done = attempt()
    assert done["ExportStatus"] == "COMPLETED"

    def read_back():
        target = account.name("table")
        made = theirs.import_table(
            S3BucketSource={"S3Bucket": to, "S3KeyPrefix": done["ExportManifest"].replace("manifest-summary.json", "data/")},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters={"TableName": target, **DEFINITION},
        )["ImportTableDescription"]
        return target, imported(theirs, made["ImportArn"])

    target, refused = read_back()
    assert (refused["ImportStatus"], refused["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert target not in theirs.list_tables()["TableNames"]
    allow({"Action": "dynamodb:*"}, {"Action": ["s3:GetObject", "s3:ListBucket"], "Condition": via})
    target, done = read_back()
    assert (done["ImportStatus"], done["ImportedItemCount"]) == ("COMPLETED", 1)
    assert everything(theirs, target) == by_number([item(1)])


def test_exports_and_imports_go_on_after_sigkill(new_server):
    server = new_server().start()
    account = Account(server, KEY)
    written = [item(number) for number in range(ITEMS)]
    name, to = table(account, written), bucket(account)
    client = account.client("dynamodb")
    asked = {"TableArn": arn(account, name), "S3Bucket": to}
    exports = [client.export_table_to_point_in_time(**asked)["ExportDescription"]["ExportArn"] for _ in range(6)]
    server, account, went_on = killed(new_server, server, lambda client: states(client, exports), 4)
    client = account.client("dynamodb")
    # Written after the moment of the exports.
    client.put_item(TableName=name, Item=item(ITEMS))
    for made in exports:
        done = exported(client, made)
        assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", ITEMS)
    assert by_number(line["Item"] for line in lines(account, done)) == by_number(written)
    prefix = done["ExportManifest"].replace("manifest-summary.json", "data/")
    made, target = {}, account.name("table")
    for number in range(4):
        made[f"{target}-{number}"] = client.import_table(
            S3BucketSource={"S3Bucket": to, "S3KeyPrefix": prefix},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters={"TableName": f"{target}-{number}", **DEFINITION},
        )["ImportTableDescription"]["ImportArn"]

    def statuses(client):
        return [client.describe_import(ImportArn=each)["ImportTableDescription"]["ImportStatus"] for each in made.values()]

    server, account, went_on_too = killed(new_server, server, statuses, 4)
    client = account.client("dynamodb")
    for copy, each in made.items():
        done = imported(client, each)
        assert (done["ImportStatus"], done["ImportedItemCount"], done["ErrorCount"]) == ("COMPLETED", ITEMS, 0)
        assert everything(client, copy) == by_number(written)
    assert went_on and went_on_too, "all was done before it could be interrupted"


def states(client, exports):
    return [client.describe_export(ExportArn=each)["ExportDescription"]["ExportStatus"] for each in exports]


def killed(new_server, server, statuses, times):
    """The server after so many SIGKILLs, soon after each beginning; whether there was something to interrupt."""
    interrupted = False
    for _ in range(times):
        interrupted |= "IN_PROGRESS" in statuses(Account(server, KEY).client("dynamodb"))
        server.kill()
        server = new_server(data=server.data).start()
    return server, Account(server, KEY), interrupted
