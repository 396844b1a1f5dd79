"""Secrets Manager by its stock clients: every operation, and what surrounds them."""

import datetime
import json
import string

import pytest
from botocore.exceptions import ClientError

from support.aws import CONFIG, REGION, Account, fails, make_client
from support.operations import Operations

operation = Operations("secretsmanager")

DAY_S = 86_400
THERE = "eu-west-1"
FUNCTION = "arn:aws:lambda:{region}:{account}:function:rotate"
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
MISSING = "Secrets Manager can't find the specified secret."
# The stock client makes a token for each request; one of our own makes two requests the same.
TOKEN = "5b1a7a6e-6c0f-4d1b-9f6f-0d5f0b4f6a11"


def secrets(account, region=REGION):
    """The client of a region."""
    if region == REGION:
        return account.client("secretsmanager")
    return make_client(account.server, account.key, "secretsmanager", region=region, config=CONFIG)


def create(account, value="value", **parameters):
    """Makes a secret and gives its name."""
    name = account.name("secret")
    if value is not None:
        parameters["SecretString"] = value
    secrets(account).create_secret(Name=name, **parameters)
    return name


def read(account, name, region=REGION, **parameters):
    return secrets(account, region).get_secret_value(SecretId=name, **parameters)["SecretString"]


def put(account, name, value, **parameters):
    return secrets(account).put_secret_value(SecretId=name, SecretString=value, **parameters)["VersionId"]


def describe(account, name, region=REGION):
    return secrets(account, region).describe_secret(SecretId=name)


def policy(account, principal=None):
    """A policy that lets a principal, or the account, read the secret."""
    statement = {
        "Effect": "Allow",
        "Principal": principal or {"AWS": account.root},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@operation
def batch_get_secret_value(account, call):
    first, second = create(account, "1"), create(account, "2")
    answer = call("BatchGetSecretValue", SecretIdList=[first, second, "nothing"])
    assert {s["Name"]: s["SecretString"] for s in answer["SecretValues"]} == {first: "1", second: "2"}
    [error] = answer["Errors"]
    assert error == {"SecretId": "nothing", "ErrorCode": "ResourceNotFoundException", "Message": MISSING}
    answer = call("BatchGetSecretValue", Filters=[{"Key": "name", "Values": [first]}])
    assert [s["SecretString"] for s in answer["SecretValues"]] == ["1"]


@operation
def cancel_rotate_secret(account, call):
    name = create(account)
    with pytest.raises(ClientError) as refused:
        call("CancelRotateSecret", SecretId=name)
    assert "No Lambda rotation function ARN is associated with this secret." in str(refused.value)
    assert "RotationEnabled" not in describe(account, name)


@operation
def create_secret(account, call):
    name = account.name("app/secret")
    tags = [{"Key": "team", "Value": "blue"}]
    made = call("CreateSecret", Name=name, SecretString="value", Description="of a test", Tags=tags)
    head = f"arn:aws:secretsmanager:{REGION}:{account.key}:secret:{name}-"
    assert made["ARN"].startswith(head)
    assert len(made["ARN"]) == len(head) + 6
    assert made["Name"] == name
    assert len(made["VersionId"]) == 36
    assert "ReplicationStatus" not in made
    found = describe(account, name)
    assert (found["Description"], found["Tags"]) == ("of a test", tags)
    assert read(account, made["ARN"]) == read(account, head[:-1]) == "value"
    with fails(account, "ResourceExistsException", f"The operation failed because the secret {name} already exists."):
        secrets(account).create_secret(Name=name, SecretString="value")


@operation
def delete_resource_policy(account, call):
    name = create(account)
    secrets(account).put_resource_policy(SecretId=name, ResourcePolicy=policy(account))
    assert call("DeleteResourcePolicy", SecretId=name)["Name"] == name
    assert "ResourcePolicy" not in secrets(account).get_resource_policy(SecretId=name)


@operation
def delete_secret(account, call):
    name = create(account)
    deleted = call("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)
    assert deleted["Name"] == name
    assert describe(account, name)["DeletedDate"] - describe(account, name)["CreatedDate"] >= datetime.timedelta(days=7)
    with fails(account, "InvalidRequestException", MARKED):
        read(account, name)
    call("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
    with fails(account, "ResourceNotFoundException", MISSING):
        describe(account, name)


@operation
def describe_secret(account, call):
    name = create(account)
    found = call("DescribeSecret", SecretId=name)
    assert found["Name"] == name
    assert list(found["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert not found.keys() & {"Description", "KmsKeyId", "Tags", "RotationEnabled", "DeletedDate", "LastAccessedDate"}
    read(account, name)
    assert "LastAccessedDate" in call("DescribeSecret", SecretId=name)


@operation
def get_random_password(account, call):
    first, second = (call("GetRandomPassword")["RandomPassword"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second
    made = call("GetRandomPassword", PasswordLength=200, ExcludePunctuation=True, ExcludeCharacters="abc")
    assert set(made["RandomPassword"]) <= set(string.ascii_letters + string.digits) - set("abc")


@operation
def get_resource_policy(account, call):
    name = create(account)
    assert "ResourcePolicy" not in call("GetResourcePolicy", SecretId=name)
    secrets(account).put_resource_policy(SecretId=name, ResourcePolicy=policy(account))
    assert json.loads(call("GetResourcePolicy", SecretId=name)["ResourcePolicy"]) == json.loads(policy(account))


@operation
def get_secret_value(account, call):
    name = create(account, "grüße")
    found = call("GetSecretValue", SecretId=name)
    assert (found["Name"], found["SecretString"], found["VersionStages"]) == (name, "grüße", ["AWSCURRENT"])
    put(account, name, "2")
    assert call("GetSecretValue", SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "grüße"
    assert call("GetSecretValue", SecretId=name, VersionId=found["VersionId"])["SecretString"] == "grüße"
    text = "You provided a VersionStage that is not associated to the provided VersionId."
    with fails(account, "InvalidRequestException", text):
        read(account, name, VersionId=found["VersionId"], VersionStage="AWSCURRENT")


@operation
def list_secret_version_ids(account, call):
    name = create(account, "1")
    for value in ("2", "3"):
        put(account, name, value)
    stages = [v.get("VersionStages") for v in call("ListSecretVersionIds", SecretId=name)["Versions"]]
    assert sorted(stages) == [["AWSCURRENT"], ["AWSPREVIOUS"]]
    everything = call("ListSecretVersionIds", SecretId=name, IncludeDeprecated=True)
    assert len(everything["Versions"]) == 3
    assert {key for v in everything["Versions"] for key in v["KmsKeyIds"]} == {"DefaultEncryptionKey"}


@operation
def list_secrets(account, call):
    names = [create(account, Description="of the list") for _ in range(3)]
    assert {s["Name"] for s in call("ListSecrets")["SecretList"]} >= set(names)
    filters = [{"Key": "name", "Values": [names[1]]}]
    [found] = call("ListSecrets", Filters=filters)["SecretList"]
    assert (found["Name"], found["Description"]) == (names[1], "of the list")
    page = call("ListSecrets", SortBy="name", SortOrder="asc", MaxResults=2)
    assert [s["Name"] for s in page["SecretList"]] == sorted(s["Name"] for s in call("ListSecrets")["SecretList"])[:2]
    rest = call("ListSecrets", SortBy="name", SortOrder="asc", MaxResults=2, NextToken=page["NextToken"])
    assert page["SecretList"][1]["Name"] < rest["SecretList"][0]["Name"]


@operation
def put_resource_policy(account, call):
    name = create(account)
    assert call("PutResourcePolicy", SecretId=name, ResourcePolicy=policy(account))["Name"] == name
    assert "ResourcePolicy" in secrets(account).get_resource_policy(SecretId=name)
    public = {"SecretId": name, "ResourcePolicy": policy(account, "*"), "BlockPublicPolicy": True}
    with fails(account, "PublicPolicyException"):
        secrets(account).put_resource_policy(**public)
    with fails(account, "MalformedPolicyDocumentException", "This policy has invalid syntax."):
        secrets(account).put_resource_policy(SecretId=name, ResourcePolicy="{")


@operation
def put_secret_value(account, call):
    name = create(account, "1")
    made = call("PutSecretValue", SecretId=name, SecretString="2", VersionStages=["MINE"])
    assert made["VersionStages"] == ["MINE"]
    assert (read(account, name), read(account, name, VersionStage="MINE")) == ("1", "2")
    assert call("PutSecretValue", SecretId=name, SecretString="3")["VersionStages"] == ["AWSCURRENT"]
    assert read(account, name) == "3"


@operation
def remove_regions_from_replication(account, call):
    name = create(account, AddReplicaRegions=[{"Region": THERE}, {"Region": "us-west-2"}])
    left = call("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=[THERE])["ReplicationStatus"]
    assert [s["Region"] for s in left] == ["us-west-2"]
    with fails(account, "ResourceNotFoundException", MISSING):
        read(account, name, THERE)


@operation
def replicate_secret_to_regions(account, call):
    name = create(account, "1")
    made = call("ReplicateSecretToRegions", SecretId=name, AddReplicaRegions=[{"Region": THERE}])
    assert made["ReplicationStatus"] == [
        {
            "Region": THERE,
            "KmsKeyId": "alias/aws/secretsmanager",
            "Status": "InSync",
            "StatusMessage": "Replication succeeded",
        }
    ]
    put(account, name, "2")
    assert read(account, name, THERE) == "2"
    assert describe(account, name, THERE)["PrimaryRegion"] == REGION
    with fails(
        account,
        "InvalidParameterException",
        "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
    ):
        secrets(account, THERE).put_secret_value(SecretId=name, SecretString="3")


@operation
def restore_secret(account, call):
    name = create(account)
    secrets(account).delete_secret(SecretId=name)
    assert call("RestoreSecret", SecretId=name)["Name"] == name
    assert read(account, name) == "value"
    assert "DeletedDate" not in describe(account, name)


@operation
def rotate_secret(account, call):
    name = create(account)
    before = describe(account, name)
    function = FUNCTION.format(region=REGION, account=account.key)
    wanted = {"SecretId": name, "RotationLambdaARN": function, "RotationRules": {"AutomaticallyAfterDays": 1}}
    with pytest.raises(ClientError) as refused:
        call("RotateSecret", **wanted)
    assert "AccessDeniedException" in str(refused.value)
    assert "Secrets Manager cannot invoke the specified Lambda function." in str(refused.value)
    after = describe(account, name)
    assert {**before, "ResponseMetadata": None} == {**after, "ResponseMetadata": None}


@operation
def stop_replication_to_replica(account, call):
    name, there = account.name("secret"), secrets(account, THERE)
    there.create_secret(Name=name, SecretString="1", AddReplicaRegions=[{"Region": REGION}])
    assert REGION in call("StopReplicationToReplica", SecretId=name)["ARN"]
    assert "ReplicationStatus" not in describe(account, name, THERE)
    put(account, name, "2")
    assert (read(account, name), read(account, name, THERE)) == ("2", "1")
    with fails(account, "InvalidParameterException"):
        secrets(account).stop_replication_to_replica(SecretId=name)


@operation
def tag_resource(account, call):
    name = create(account)
    assert call("TagResource", SecretId=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]) == {}
    call("TagResource", SecretId=name, Tags=[{"Key": "a", "Value": "2"}])
    assert describe(account, name)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]


@operation
def untag_resource(account, call):
    name = create(account, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    assert call("UntagResource", SecretId=name, TagKeys=["a", "never"]) == {}
    assert describe(account, name)["Tags"] == [{"Key": "b", "Value": "2"}]


@operation
def update_secret(account, call):
    name = create(account, "1")
    assert "VersionId" not in call("UpdateSecret", SecretId=name, Description="new")
    made = call("UpdateSecret", SecretId=name, SecretString="2")
    found = describe(account, name)
    assert found["Description"] == "new"
    assert found["VersionIdsToStages"][made["VersionId"]] == ["AWSCURRENT"]
    assert (read(account, name), read(account, name, VersionStage="AWSPREVIOUS")) == ("2", "1")


@operation
def update_secret_version_stage(account, call):
    name = create(account, "1")
    first = secrets(account).get_secret_value(SecretId=name)["VersionId"]
    second = put(account, name, "2", VersionStages=["AWSPENDING"])
    moved = {"VersionStage": "AWSCURRENT", "RemoveFromVersionId": first, "MoveToVersionId": second}
    assert call("UpdateSecretVersionStage", SecretId=name, **moved)["Name"] == name
    assert describe(account, name)["VersionIdsToStages"] == {
        first: ["AWSPREVIOUS"],
        second: ["AWSCURRENT", "AWSPENDING"],
    }


@operation
def validate_resource_policy(account, call):
    name = create(account)
    good = call("ValidateResourcePolicy", SecretId=name, ResourcePolicy=policy(account))
    assert (good["PolicyValidationPassed"], good["ValidationErrors"]) == (True, [])
    bad = call("ValidateResourcePolicy", ResourcePolicy=policy(account, "*"))
    assert bad["PolicyValidationPassed"] is False
    assert bad["ValidationErrors"][0]["ErrorMessage"]


test_operation = operation.tests()


def test_bytes(account):
    client = secrets(account)
    name = account.name("secret")
    client.create_secret(Name=name, SecretBinary=b"\x00\x01\xff")
    found = client.get_secret_value(SecretId=name)
    assert found["SecretBinary"] == b"\x00\x01\xff"
    assert "SecretString" not in found


def test_the_same_request_twice(account):
    client = secrets(account)
    wanted = {"Name": account.name("secret"), "SecretString": "value", "ClientRequestToken": TOKEN}
    first, second = client.create_secret(**wanted), client.create_secret(**wanted)
    assert (first["ARN"], first["VersionId"]) == (second["ARN"], TOKEN)
    text = f"You can't use ClientRequestToken {TOKEN} because that value is already in use for a version of secret "
    with fails(account, "ResourceExistsException", f"{text}{first['ARN']}."):
        client.put_secret_value(SecretId=first["ARN"], SecretString="other", ClientRequestToken=TOKEN)


def test_a_secret_under_a_key_of_ones_own(account):
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = create(account, "value", KmsKeyId=key)
    assert describe(account, name)["KmsKeyId"] == key
    assert read(account, name) == "value"
    kms.disable_key(KeyId=key)
    with fails(account, "DecryptionFailure"):
        read(account, name)
    kms.enable_key(KeyId=key)
    assert read(account, name) == "value"


def test_paginators(account):
    names = {create(account) for _ in range(5)}
    pages = secrets(account).get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2})
    assert {s["Name"] for page in pages for s in page["SecretList"]} >= names


def test_a_secret_is_gone_when_its_window_ends(own):
    name = create(own)
    secrets(own).delete_secret(SecretId=name, RecoveryWindowInDays=7)
    own.server.advance(7 * DAY_S - 60)
    assert "DeletedDate" in describe(own, name)
    own.server.advance(120)
    # The background work is woken by the clock; a name is free once it has run.
    for _ in range(1000):
        found = secrets(own).list_secrets(IncludePlannedDeletion=True)["SecretList"]
        if not found:
            break
    assert found == []
    assert read(own, create(own, "again")) == "again"


def test_secrets_are_there_after_a_kill(new_server):
    before = Account(new_server().start(), "437064342167")
    name = create(before, "1")
    put(before, name, "2")
    before.server.kill()
    after = Account(new_server(data=before.server.data).start(), "437064342167")
    assert (read(after, name), read(after, name, VersionStage="AWSPREVIOUS")) == ("2", "1")


def test_values_are_in_no_log(new_server):
    account = Account(new_server(verbosity="trace,access=trace").start(), "437064342167")
    name = create(account, "a-canary-in-a-log")
    put(account, name, "a-canary-in-a-log-too")
    assert read(account, name) == "a-canary-in-a-log-too"
    with fails(account, "ResourceExistsException"):
        secrets(account).create_secret(Name=name, SecretString="a-canary-in-an-error")
    account.server.terminate()
    assert name in account.server.log_text() or "GetSecretValue" in account.server.log_text()
    assert "a-canary" not in account.server.log_text()
    stored = b"".join(path.read_bytes() for path in account.server.data.rglob("*") if path.is_file())
    assert b"a-canary" not in stored
