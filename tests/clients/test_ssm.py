"""Parameter Store by boto3 and the AWS CLI."""

import json

import pytest
from botocore.exceptions import ClientError

from support.aws import REGION, Account
from support.operations import Operations

operation = Operations("ssm")


def name(account):
    return f"/{account.name('parameter')}/x"


def arn(account, parameter):
    return f"arn:aws:ssm:{REGION}:{account.key}:parameter{parameter}"


def put(account, *, value="1", **more):
    """Makes a parameter and gives its name."""
    parameter = more.pop("Name", None) or name(account)
    account.client("ssm").put_parameter(Name=parameter, Value=value, **{"Type": "String", **more})
    return parameter


def value(account, parameter):
    return account.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]


def tags(account, parameter):
    listed = account.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=parameter)
    return {tag["Key"]: tag["Value"] for tag in listed["TagList"]}


def refusal(function, **parameters):
    with pytest.raises(ClientError) as caught:
        function(**parameters)
    return caught.value.response["Error"]


def policy_for(resource):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


@operation
def add_tags_to_resource(account, call):
    parameter = put(account, Tags=[{"Key": "team", "Value": "blue"}])
    added = [{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": ""}]
    assert call("AddTagsToResource", ResourceType="Parameter", ResourceId=parameter, Tags=added) == {}
    assert tags(account, parameter) == {"team": "red", "stage": ""}


@operation
def delete_parameter(account, call):
    parameter = put(account)
    assert call("DeleteParameter", Name=parameter) == {}
    assert refusal(account.client("ssm").get_parameter, Name=parameter)["Code"] == "ParameterNotFound"


@operation
def delete_parameters(account, call):
    one, two = put(account), put(account)
    answer = call("DeleteParameters", Names=[one, two, "/none"])
    assert answer == {"DeletedParameters": [one, two], "InvalidParameters": ["/none"]}


@operation
def delete_resource_policy(account, call):
    parameter = put(account, Tier="Advanced")
    resource = arn(account, parameter)
    client = account.client("ssm")
    made = client.put_resource_policy(ResourceArn=resource, Policy=policy_for(resource))
    ids = {"PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"]}
    assert call("DeleteResourcePolicy", ResourceArn=resource, **ids) == {}
    assert client.get_resource_policies(ResourceArn=resource)["Policies"] == []


@operation
def describe_parameters(account, call):
    parameter = put(account, Description="what", AllowedPattern=r"\d+", Tags=[{"Key": "k", "Value": "v"}])
    put(account)
    [found] = call("DescribeParameters", ParameterFilters=[{"Key": "tag:k", "Values": ["v"]}])["Parameters"]
    assert found.pop("LastModifiedDate")
    assert found == {
        "Name": parameter,
        "ARN": arn(account, parameter),
        "Type": "String",
        "LastModifiedUser": account.root,
        "Description": "what",
        "AllowedPattern": r"\d+",
        "Version": 1,
        "Tier": "Standard",
        "Policies": [],
        "DataType": "text",
    }
    older = call("DescribeParameters", Filters=[{"Key": "Name", "Values": [parameter]}])["Parameters"]
    assert [found["Name"] for found in older] == [parameter]


@operation
def get_parameter(account, call):
    parameter = put(account, value="grüße")
    [found] = call("GetParameter", Name=parameter).values()
    assert found.pop("LastModifiedDate")
    assert found == {
        "Name": parameter,
        "Type": "String",
        "Value": "grüße",
        "Version": 1,
        "ARN": arn(account, parameter),
        "DataType": "text",
    }
    selected = call("GetParameter", Name=f"{arn(account, parameter)}:1")["Parameter"]
    assert (selected["Value"], selected["Selector"]) == ("grüße", ":1")


@operation
def get_parameter_history(account, call):
    parameter = put(account)
    put(account, Name=parameter, value="2", Overwrite=True)
    account.client("ssm").label_parameter_version(Name=parameter, Labels=["live"])
    versions = call("GetParameterHistory", Name=parameter)["Parameters"]
    seen = [(version["Version"], version["Value"], version["Labels"]) for version in versions]
    assert seen == [(1, "1", []), (2, "2", ["live"])]


@operation
def get_parameters(account, call):
    one, two = put(account, value="one"), put(account, value="two")
    answer = call("GetParameters", Names=[two, one, "/none", f"{one}:7"])
    assert {found["Name"]: found["Value"] for found in answer["Parameters"]} == {one: "one", two: "two"}
    assert answer["InvalidParameters"] == ["/none", f"{one}:7"]


@operation
def get_parameters_by_path(account, call):
    root = name(account)
    for end in ("a", "b", "c/d"):
        put(account, Name=f"{root}/{end}")
    first = call("GetParametersByPath", Path=root, MaxResults=1)
    rest = call("GetParametersByPath", Path=root, MaxResults=1, NextToken=first["NextToken"])
    assert [found["Name"] for found in first["Parameters"] + rest["Parameters"]] == [f"{root}/a", f"{root}/b"]
    assert "NextToken" not in rest
    deep = call("GetParametersByPath", Path=root, Recursive=True)["Parameters"]
    assert [found["Name"] for found in deep] == [f"{root}/a", f"{root}/b", f"{root}/c/d"]


@operation
def get_resource_policies(account, call):
    parameter = put(account, Tier="Advanced")
    resource = arn(account, parameter)
    policy = policy_for(resource)
    made = account.client("ssm").put_resource_policy(ResourceArn=resource, Policy=policy)
    [found] = call("GetResourcePolicies", ResourceArn=resource)["Policies"]
    assert found == {"PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"], "Policy": policy}


@operation
def label_parameter_version(account, call):
    parameter = put(account)
    answer = call("LabelParameterVersion", Name=parameter, Labels=["live", "1st", "aws"])
    assert answer == {"InvalidLabels": ["1st", "aws"], "ParameterVersion": 1}
    assert value(account, f"{parameter}:live") == "1"


@operation
def list_tags_for_resource(account, call):
    parameter = put(account, Tags=[{"Key": "team", "Value": "blue"}])
    answer = call("ListTagsForResource", ResourceType="Parameter", ResourceId=parameter)
    assert answer == {"TagList": [{"Key": "team", "Value": "blue"}]}


@operation
def put_parameter(account, call):
    parameter = name(account)
    assert call("PutParameter", Name=parameter, Value="a,b", Type="StringList") == {"Version": 1, "Tier": "Standard"}
    large = "x" * 5000
    again = call("PutParameter", Name=parameter, Value=large, Overwrite=True, Tier="Intelligent-Tiering")
    assert again == {"Version": 2, "Tier": "Advanced"}
    assert value(account, parameter) == large
    assert value(account, f"{parameter}:1") == "a,b"


@operation
def put_resource_policy(account, call):
    parameter = put(account, Tier="Advanced")
    resource = arn(account, parameter)
    made = call("PutResourcePolicy", ResourceArn=resource, Policy=policy_for(resource))
    assert len(made["PolicyHash"]) == 64
    updated = call("PutResourcePolicy", ResourceArn=resource, Policy=policy_for(resource) + "\n", **made)
    assert updated["PolicyId"] == made["PolicyId"]
    assert updated["PolicyHash"] != made["PolicyHash"]


@operation
def remove_tags_from_resource(account, call):
    parameter = put(account, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "dev"}])
    assert call("RemoveTagsFromResource", ResourceType="Parameter", ResourceId=parameter, TagKeys=["team"]) == {}
    assert tags(account, parameter) == {"stage": "dev"}


@operation
def unlabel_parameter_version(account, call):
    parameter = put(account)
    account.client("ssm").label_parameter_version(Name=parameter, Labels=["live"])
    answer = call("UnlabelParameterVersion", Name=parameter, ParameterVersion=1, Labels=["live", "none"])
    assert answer == {"RemovedLabels": ["live"], "InvalidLabels": ["none"]}


test_operation = operation.tests()


def test_errors_as_clients_see_them(account):
    client = account.client("ssm")
    parameter = put(account)
    exists = refusal(client.put_parameter, Name=parameter, Value="x", Type="String")
    assert exists["Code"] == "ParameterAlreadyExists"
    assert exists["Message"].startswith("The parameter already exists. To overwrite this value")
    assert refusal(client.get_parameter, Name="/none") == {"Code": "ParameterNotFound", "Message": ""}
    missing = refusal(client.get_parameter, Name=f"{parameter}:9")
    assert missing["Code"] == "ParameterVersionNotFound"
    assert f"could not find version 9 of {parameter}" in missing["Message"]
    unqualified = refusal(client.put_parameter, Name="a/b", Value="x", Type="String")
    assert unqualified == {"Code": "ValidationException", "Message": "Parameter name must be a fully qualified name."}
    reserved = refusal(client.put_parameter, Name="/aws/x", Value="x", Type="String")
    assert reserved["Code"] == "AccessDeniedException"
    key = refusal(client.describe_parameters, ParameterFilters=[{"Key": "Label", "Values": ["x"]}])
    assert key["Code"] == "InvalidFilterKey"
    assert "The following filter key is not valid: Label." in key["Message"]
    tagged = refusal(client.list_tags_for_resource, ResourceType="Document", ResourceId="x")
    assert tagged["Code"] == "InvalidResourceId"
    token = refusal(client.get_parameters_by_path, Path="/", NextToken="x")
    assert token["Code"] == "InvalidNextToken"


def test_what_is_not_there_says_so(account):
    error = refusal(account.client("ssm").describe_sessions, State="Active")
    assert error == {"Code": "NotImplemented", "Message": "ssm:DescribeSessions is not implemented."}


def test_paginators(account):
    root = name(account)
    names = [f"{root}/{number:02}" for number in range(12)]
    for parameter in names:
        put(account, Name=parameter)
    client = account.client("ssm")
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=root, PaginationConfig={"PageSize": 5})
    assert [found["Name"] for page in pages for found in page["Parameters"]] == names
    pages = client.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 5})
    assert [found["Name"] for page in pages for found in page["Parameters"]] == names


def test_public_parameters(account):
    image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    listed = json.loads(account.aws("ssm", "get-parameters", "--names", image))
    assert listed["InvalidParameters"] == []
    assert listed["Parameters"][0]["Value"].startswith("ami-")
    assert listed["Parameters"][0]["ARN"] == f"arn:aws:ssm:{REGION}::parameter{image}"
    regions = "/aws/service/global-infrastructure/regions"
    query = "Parameters[].Value"
    text = account.aws("ssm", "get-parameters-by-path", "--path", regions, "--query", query, "--output", "text")
    assert {"eu-west-2", "us-east-1"} <= set(text.split())


def test_a_tree_by_the_cli_and_its_own_options(account):
    root = name(account)
    made = ["--name", f"{root}/a", "--value", "1", "--type", "String", "--tags", "Key=k,Value=v"]
    account.aws("ssm", "put-parameter", *made)
    filters = ["--parameter-filters", f"Key=Path,Option=Recursive,Values={root}"]
    found = account.aws("ssm", "describe-parameters", *filters, "--query", "Parameters[0].Name", "--output", "text")
    assert found.strip() == f"{root}/a"
    failed = account.aws("ssm", "get-parameter", "--name", "/none", check=False)
    assert failed.returncode != 0
    assert "(ParameterNotFound)" in failed.stderr


def test_parameters_expire(own):
    client = own.client("ssm")
    client.put_parameter(Name="/now", Value="x", Type="String")
    modified = client.get_parameter(Name="/now")["Parameter"]["LastModifiedDate"]
    policy = {
        "Type": "Expiration",
        "Version": "1.0",
        "Attributes": {"Timestamp": f"{modified.year + 1}-01-02T00:00:00.000Z"},
    }
    client.put_parameter(Name="/gone", Value="x", Type="String", Tier="Advanced", Policies=json.dumps([policy]))
    assert client.get_parameter(Name="/gone")["Parameter"]["Value"] == "x"
    own.server.advance(2 * 366 * 86400)
    assert refusal(client.get_parameter, Name="/gone")["Code"] == "ParameterNotFound"
    assert client.get_parameter(Name="/now")["Parameter"]["Value"] == "x"


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_secure_strings(account, tier):
    client = account.client("ssm")
    parameter = name(account)
    client.put_parameter(Name=parameter, Value="hush", Type="SecureString", Tier=tier)
    sealed = client.get_parameter(Name=parameter)["Parameter"]
    assert sealed["Type"] == "SecureString"
    assert "hush" not in sealed["Value"]
    assert client.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"] == "hush"
    listed = client.get_parameters(Names=[parameter], WithDecryption=True)["Parameters"]
    assert listed[0]["Value"] == "hush"
    [described] = client.describe_parameters()["Parameters"]
    assert described["KeyId"] == "alias/aws/ssm"
    unknown = {"Name": name(account), "Value": "x", "Type": "SecureString", "KeyId": "alias/none"}
    assert refusal(client.put_parameter, **unknown)["Code"] == "InvalidKeyId"
    assert "hush" not in account.server.log_text()


def test_everything_survives_kill_minus_nine(new_server):
    server = new_server().start()
    account = Account(server, "437064342167")
    parameter = put(account, value="kept")
    server.kill()
    server.start()
    assert value(Account(server, account.key), parameter) == "kept"
