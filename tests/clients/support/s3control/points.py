"""Access points: made, described, listed and deleted, their policies and their tags."""

import json

from support.s3 import bucket, by_key, code, s3
from support.s3control import arn, control, described, made, of, operation, policy

CLOSED = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


@operation
def create_access_point(account, call):
    name, point = bucket(account), account.name("point")
    network = {"VpcId": "vpc-0123456789abcdef0"}
    tags = [{"Key": "team", "Value": "blue"}]
    answer = call("CreateAccessPoint", **of(account, Name=point, Bucket=name, VpcConfiguration=network, Tags=tags))
    assert answer["AccessPointArn"] == arn(account, point)
    assert answer["Alias"].endswith("-s3alias")
    found = described(account, point)
    assert (found["Bucket"], found["NetworkOrigin"], found["VpcConfiguration"]) == (name, "VPC", network)
    assert found["PublicAccessBlockConfiguration"] == CLOSED
    tagged = control(account).list_tags_for_resource(**of(account, ResourceArn=arn(account, point)))
    assert tagged["Tags"] == tags
    again = of(account, Name=point, Bucket=name)
    assert code(call, "CreateAccessPoint", **again) == "AccessPointAlreadyOwnedByYou"


@operation
def get_access_point(account, call):
    name, point = made(account, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    found = call("GetAccessPoint", **of(account, Name=point))
    assert found["CreationDate"].year >= 2025
    assert found == described(account, point)
    assert (found["Name"], found["Bucket"], found["BucketAccountId"]) == (point, name, account.key)
    assert (found["NetworkOrigin"], found["AccessPointArn"]) == ("Internet", arn(account, point))
    assert found["Endpoints"]["ipv4"] == f"s3-accesspoint.us-east-1.localhost:{account.server.port}"
    assert found["PublicAccessBlockConfiguration"] == {key: key == "BlockPublicAcls" for key in CLOSED}
    assert code(call, "GetAccessPoint", **of(account, Name="nowhere")) == "NoSuchAccessPoint"


@operation
def list_access_points(account, call):
    name, first = made(account)
    _, second = made(account)
    names = sorted([first, second])
    found, more = [], {}
    for _ in names:
        page = call("ListAccessPoints", **of(account, MaxResults=1, **more))
        [point] = page["AccessPointList"]
        assert point == {
            "Name": point["Name"],
            "NetworkOrigin": "Internet",
            "Bucket": described(account, point["Name"])["Bucket"],
            "AccessPointArn": arn(account, point["Name"]),
            "Alias": described(account, point["Name"])["Alias"],
            "BucketAccountId": account.key,
        }
        found.append(point["Name"])
        more = {"NextToken": page.get("NextToken")}
    assert (found, more) == (names, {"NextToken": None})
    of_bucket = call("ListAccessPoints", **of(account, Bucket=name))["AccessPointList"]
    assert [point["Name"] for point in of_bucket] == [first]


@operation
def delete_access_point(account, call):
    name, point = made(account)
    assert code(s3(account).delete_bucket, Bucket=name) == "BucketHasAccessPointsAttached"
    assert call("DeleteAccessPoint", **of(account, Name=point)) == {}
    assert code(call, "DeleteAccessPoint", **of(account, Name=point)) == "NoSuchAccessPoint"
    s3(account).delete_bucket(Bucket=name)


@operation
def put_access_point_policy(account, call):
    _, point = made(account)
    document = policy(account, point)
    assert call("PutAccessPointPolicy", **of(account, Name=point, Policy=document)) == {}
    assert control(account).get_access_point_policy(**of(account, Name=point))["Policy"] == document
    for document, refusal in ((policy(account, point, "*"), "AccessDenied"), ("{", "MalformedPolicy")):
        assert code(call, "PutAccessPointPolicy", **of(account, Name=point, Policy=document)) == refusal


@operation
def get_access_point_policy(account, call):
    _, point = made(account)
    assert code(call, "GetAccessPointPolicy", **of(account, Name=point)) == "NoSuchAccessPointPolicy"
    control(account).put_access_point_policy(**of(account, Name=point, Policy=policy(account, point)))
    found = call("GetAccessPointPolicy", **of(account, Name=point))["Policy"]
    assert json.loads(found) == json.loads(policy(account, point))


@operation
def get_access_point_policy_status(account, call):
    _, point = made(account, PublicAccessBlockConfiguration={"BlockPublicPolicy": False})
    for who in ("210987654321", "*"):
        control(account).put_access_point_policy(**of(account, Name=point, Policy=policy(account, point, who)))
        status = call("GetAccessPointPolicyStatus", **of(account, Name=point))["PolicyStatus"]
        assert status == {"IsPublic": who == "*"}


@operation
def delete_access_point_policy(account, call):
    _, point = made(account)
    control(account).put_access_point_policy(**of(account, Name=point, Policy=policy(account, point)))
    for _ in range(2):
        assert call("DeleteAccessPointPolicy", **of(account, Name=point)) == {}
    get = control(account).get_access_point_policy
    assert code(get, **of(account, Name=point)) == "NoSuchAccessPointPolicy"


def tags(account, point):
    found = control(account).list_tags_for_resource(**of(account, ResourceArn=arn(account, point)))
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


@operation
def tag_resource(account, call):
    _, point = made(account, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}])
    more = [{"Key": "team", "Value": "red"}, {"Key": "owner", "Value": "a b"}]
    assert call("TagResource", **of(account, ResourceArn=arn(account, point), Tags=more)) == {}
    assert tags(account, point) == {"team": "red", "stage": "", "owner": "a b"}


@operation
def untag_resource(account, call):
    _, point = made(account, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}])
    assert call("UntagResource", **of(account, ResourceArn=arn(account, point), TagKeys=["team", "none"])) == {}
    assert tags(account, point) == {"stage": ""}


@operation
def list_tags_for_resource(account, call):
    given = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}]
    _, point = made(account, Tags=given)
    found = call("ListTagsForResource", **of(account, ResourceArn=arn(account, point)))["Tags"]
    assert by_key(found) == by_key(given)
