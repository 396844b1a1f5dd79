"""IAM by its stock clients: every operation, and what its records then mean for requests."""

import functools
import json

import pytest
from botocore.exceptions import ClientError

import support.iam.account
import support.iam.credentials
import support.iam.identities
import support.iam.policies
import support.iam.providers
import support.iam.tags
from support.aws import Account, client_of, fails
from support.iam import document, group, iam, operation, policy, user
from support.operations import CLIENTS

test_operation = operation.tests()


def member(account, name=None):
    """A user's own clients."""
    name = name or user(account)
    key = iam(account).create_access_key(UserName=name)["AccessKey"]
    return name, functools.partial(client_of, account.server, key)


def test_policies_count_at_once_wherever_they_come_from(account):
    """A user may do what its own policy, an attached one or its group's says, and no longer when that is gone."""
    name, client = member(account)
    sqs, team = client("sqs"), group(account)
    iam(account).add_user_to_group(GroupName=team, UserName=name)

    def refused():
        with fails(account, "AccessDenied"):
            sqs.list_queues()

    refused()
    iam(account).put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document()))
    sqs.list_queues()
    iam(account).delete_user_policy(UserName=name, PolicyName="own")
    refused()
    made = policy(account)
    iam(account).attach_group_policy(GroupName=team, PolicyArn=made)
    sqs.list_queues()
    new = json.dumps(document(action="sqs:SendMessage"))
    iam(account).create_policy_version(PolicyArn=made, PolicyDocument=new, SetAsDefault=True)
    refused()
    iam(account).set_default_policy_version(PolicyArn=made, VersionId="v1")
    sqs.list_queues()
    iam(account).remove_user_from_group(GroupName=team, UserName=name)
    refused()


def test_a_boundary_takes_away_and_gives_nothing(account):
    name, client = member(account)
    sqs = client("sqs")
    iam(account).put_user_permissions_boundary(UserName=name, PermissionsBoundary=policy(account))
    with fails(account, "AccessDenied"):
        sqs.list_queues()
    iam(account).put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document(action="*")))
    sqs.list_queues()
    with fails(account, "AccessDenied"):
        client("iam").list_users()


def test_a_user_without_policies_is_told_what_it_lacks(account):
    name, client = member(account)
    with pytest.raises(ClientError) as caught:
        client("iam").delete_user(UserName=name)
    message = caught.value.response["Error"]["Message"]
    who = f"User: arn:aws:iam::{account.key}:user/{name}"
    assert message.startswith(f"{who} is not authorized to perform: iam:DeleteUser on resource: ")
    assert message.endswith(" because no identity-based policy allows the iam:DeleteUser action")


@pytest.mark.parametrize("client", ["boto3", "cli", "js"])
def test_the_seed_of_an_mfa_device_as_a_picture(account, tmp_path, client):
    """It is apart from the operation's exercise, for the CLI gives seed or picture."""
    name, file = account.name("phone"), tmp_path / "picture"
    if client == "cli":
        command = ["iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", name]
        account.aws(*command, "--bootstrap-method", "QRCodePNG", "--outfile", str(file))
        picture = file.read_bytes()
    else:
        call = CLIENTS[client](account, "iam")(None)
        picture = call("CreateVirtualMFADevice", VirtualMFADeviceName=name)["VirtualMFADevice"]["QRCodePNG"]
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")


def test_everything_is_there_after_a_restart(new_server):
    before = Account(new_server().start(), "437064342167")
    name, _ = member(before)
    iam(before).put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document()))
    key = iam(before).create_access_key(UserName=name)["AccessKey"]
    before.server.kill()
    server = new_server(data=before.server.data).start()
    sqs = client_of(server, key, "sqs")
    assert sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
