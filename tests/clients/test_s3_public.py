"""What everybody may see: objects, lists and websites without any signature."""

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from support.aws import CONFIG, make_client
from support.http import send
from support.s3 import bucket, code, policy, put, s3, with_acls


@pytest.fixture
def nobody(server):
    """A client that signs nothing."""
    return make_client(server, service="s3", config=CONFIG.merge(Config(signature_version=UNSIGNED)))


def test_a_policy_shows_objects_and_not_the_list(account, nobody):
    name = with_acls(account)
    put(account, name)
    assert code(nobody.get_object, Bucket=name, Key="key") == "AccessDenied"
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name))
    assert nobody.get_object(Bucket=name, Key="key")["Body"].read() == b"text"
    assert code(nobody.get_object, Bucket=name, Key="none") == "AccessDenied"
    assert code(nobody.list_objects_v2, Bucket=name) == "AccessDenied"
    assert code(nobody.put_object, Bucket=name, Key="key", Body=b"other") == "AccessDenied"


def test_of_many_objects_each_is_deleted_or_denied(account, nobody):
    name = with_acls(account)
    for key in ("open/a", "shut/a"):
        put(account, name, key)
    delete = {"Objects": [{"Key": "shut/a"}, {"Key": "open/a"}]}
    answer = nobody.delete_objects(Bucket=name, Delete=delete)
    assert sorted(entry["Key"] for entry in answer["Errors"]) == ["open/a", "shut/a"]
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name, "s3:DeleteObject", resource="/open/*"))
    answer = nobody.delete_objects(Bucket=name, Delete=delete)
    assert [entry["Key"] for entry in answer["Deleted"]] == ["open/a"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Errors"]] == [("shut/a", "AccessDenied")]
    assert [entry["Key"] for entry in s3(account).list_objects_v2(Bucket=name)["Contents"]] == ["shut/a"]


def test_an_action_in_a_query_string_is_no_call(account, server):
    """Below a bucket's path nothing but the bucket is meant, whatever a link to an object has behind it."""
    name = with_acls(account)
    put(account, name)
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name))
    for query in ("Action=ListQueues", "Action=GetCallerIdentity&Version=2011-06-15"):
        answer = send(server, "GET", f"/{name}/key?{query}")
        assert (answer.status, answer.body) == (200, b"text")
    answer = send(server, "GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    assert (answer.status, answer.error_code()) == (403, "MissingAuthenticationToken")


def test_what_is_blocked_is_shown_to_nobody(account, nobody):
    name = with_acls(account)
    put(account, name, ACL="public-read")
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name, "s3:ListBucket", resource=""))
    assert nobody.get_object(Bucket=name, Key="key")["Body"].read() == b"text"
    assert nobody.list_objects_v2(Bucket=name)["KeyCount"] == 1
    blocked = {"IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    s3(account).put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
    assert code(nobody.get_object, Bucket=name, Key="key") == "AccessDenied"
    assert code(nobody.list_objects_v2, Bucket=name) == "AccessDenied"


def test_a_website(account, server):
    name = with_acls(account)
    pages = {"index.html": b"home", "docs/index.html": b"docs", "error.html": b"nothing here"}
    for key, content in pages.items():
        put(account, name, key, content, ContentType="text/html")
    put(account, name, "old", WebsiteRedirectLocation="/docs/")
    rule = {"Condition": {"KeyPrefixEquals": "guide/"}, "Redirect": {"ReplaceKeyPrefixWith": "docs/"}}
    website = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    s3(account).put_bucket_website(Bucket=name, WebsiteConfiguration=website | {"RoutingRules": [rule]})
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name))
    host = f"{name}.s3-website.localhost:{server.port}"

    def get(path, method="GET"):
        return send(server, method, path, {"Host": host})

    assert (get("/").body, get("/docs/").body) == (b"home", b"docs")
    assert get("/").headers["content-type"] == "text/html"
    # Who may not list is not told what is absent.
    assert (get("/none").status, get("/none").body) == (403, b"nothing here")
    s3(account).put_bucket_acl(Bucket=name, ACL="public-read")
    assert (get("/none").status, get("/none").body) == (404, b"nothing here")
    folder = get("/docs")
    assert (folder.status, folder.headers["location"]) == (302, "/docs/")
    moved = get("/guide/a")
    assert (moved.status, moved.headers["location"]) == (301, f"http://{host}/docs/a")
    assert (get("/old").status, get("/old").headers["location"]) == (301, "/docs/")
    assert get("/new", "PUT").status == 405


def test_a_host_of_a_website_that_is_none(account, server):
    host = f"{bucket(account)}.s3-website.localhost:{server.port}"
    answer = send(server, "GET", "/", {"Host": host})
    assert answer.status == 404
    assert b"NoSuchWebsiteConfiguration" in answer.body
