"""STS by its stock clients: every operation, and what its credentials are good for."""

import base64
import hashlib
import json
import time

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from support.aws import Account, client_of, fails, make_client
from support.iam import document, iam, user
from support.iam.credentials import enabled
from support.idp import ENDPOINT, ENTITY, Idp
from support.issuer import Issuer, encoded
from support.operations import Operations
from support.totp import code

operation = Operations("sts")

WEB = "sts:AssumeRoleWithWebIdentity"
BY_SAML = "sts:AssumeRoleWithSAML"


def role(account, principal=None, action="sts:AssumeRole", condition=None, **more):
    """Makes a role that may do everything, by default for its own account; gives its ARN."""
    statement = {"Effect": "Allow", "Principal": principal or {"AWS": account.root}, "Action": action}
    trust = {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
    name = account.name("role")
    made = iam(account).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **more)
    iam(account).put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document(action="*")))
    return made["Role"]["Arn"]


def key_of(account, name):
    return iam(account).create_access_key(UserName=name)["AccessKey"]


def admin(account):
    """A user that may do everything: its credentials."""
    name = user(account)
    iam(account).put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document(action="*")))
    return key_of(account, name)


def who(account, credentials):
    return client_of(account.server, credentials, "sts").get_caller_identity()


def refused(call, name, error, **parameters):
    """The text of the error."""
    with pytest.raises(ClientError) as caught:
        call(name, **parameters)
    assert caught.value.response["Error"]["Code"] == error
    return caught.value.response["Error"]["Message"]


@operation
def get_caller_identity(account, call):
    name = user(account)
    identity = call.by(key_of(account, name))("GetCallerIdentity")
    found = iam(account).get_user(UserName=name)["User"]
    assert (identity["Account"], identity["Arn"], identity["UserId"]) == (account.key, found["Arn"], found["UserId"])


@operation
def assume_role(account, call):
    arn = role(account)
    answer = call.by(admin(account))("AssumeRole", RoleArn=arn, RoleSessionName="one")
    name = arn.rsplit("/", 1)[1]
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account.key}:assumed-role/{name}/one"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":one")
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["SecretAccessKey"]) == 40
    identity = who(account, credentials)
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    client_of(account.server, credentials, "sqs").list_queues()


@operation
def assume_role_with_saml(account, call):
    idp = Idp()
    provider = registered(account, idp)
    arn = role(account, {"Federated": provider}, BY_SAML, {"StringEquals": {"saml:aud": ENDPOINT}})
    asked = {"RoleArn": arn, "PrincipalArn": provider, "SAMLAssertion": idp.response(arn, provider)}
    answer = call("AssumeRoleWithSAML", **asked)
    assert (answer["Issuer"], answer["Audience"]) == (ENTITY, ENDPOINT)
    assert (answer["Subject"], answer["SubjectType"]) == ("ann@example.com", "persistent")
    identity = f"{ENTITY}{account.key}/{provider.rsplit('/', 1)[1]}"
    assert answer["NameQualifier"] == base64.b64encode(hashlib.sha1(identity.encode()).digest()).decode()
    assert answer["AssumedRoleUser"]["Arn"].endswith("/ann")
    assert who(account, answer["Credentials"])["Arn"] == answer["AssumedRoleUser"]["Arn"]


@operation
def assume_role_with_web_identity(account, call):
    with Issuer() as issuer:
        provider = provided(account, issuer)
        arn = role(account, {"Federated": provider}, WEB)
        asked = {"RoleArn": arn, "RoleSessionName": "run", "WebIdentityToken": issuer.token()}
        answer = call("AssumeRoleWithWebIdentity", **asked)
    assert answer["Provider"] == provider
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["SubjectFromWebIdentityToken"] == "repo:octo/app:ref:refs/heads/main"
    assert who(account, answer["Credentials"])["Arn"] == answer["AssumedRoleUser"]["Arn"]


@operation
def decode_authorization_message(account, call):
    # No service here seals a message for its callers yet, so there is none to open but wrong ones.
    other = call.by(admin(account))
    for message in ["x", "A" * 10_240]:
        refused(other, "DecodeAuthorizationMessage", "InvalidAuthorizationMessageException", EncodedMessage=message)


@operation
def get_access_key_info(account, call):
    lasting = admin(account)
    temporary = client_of(account.server, lasting, "sts").get_session_token()["Credentials"]
    for credentials in [lasting, temporary]:
        assert call("GetAccessKeyInfo", AccessKeyId=credentials["AccessKeyId"])["Account"] == account.key


@operation
def get_federation_token(account, call):
    policy = json.dumps(document(action="sqs:ListQueues"))
    answer = call.by(admin(account))("GetFederationToken", Name="bob", Policy=policy)
    arn = f"arn:aws:sts::{account.key}:federated-user/bob"
    assert answer["FederatedUser"] == {"Arn": arn, "FederatedUserId": f"{account.key}:bob"}
    credentials = answer["Credentials"]
    assert who(account, credentials)["Arn"] == arn
    client_of(account.server, credentials, "sqs").list_queues()
    with fails(account, "AccessDenied"):
        client_of(account.server, credentials, "sqs").create_queue(QueueName=account.name())


@operation
def get_session_token(account, call):
    name = user(account)
    credentials = call.by(key_of(account, name))("GetSessionToken", DurationSeconds=900)["Credentials"]
    assert who(account, credentials)["Arn"] == f"arn:aws:iam::{account.key}:user/{name}"


test_operation = operation.tests()


def provided(account, issuer):
    """Registers an issuer; gives the provider's ARN."""
    made = iam(account).create_open_id_connect_provider(Url=issuer.url, ClientIDList=["sts.amazonaws.com"])
    return made["OpenIDConnectProviderArn"]


def registered(account, idp):
    """Registers an identity provider of SAML; gives the provider's ARN."""
    made = iam(account).create_saml_provider(Name=account.name("idp"), SAMLMetadataDocument=idp.metadata())
    return made["SAMLProviderArn"]


def test_a_user_whom_a_saml_provider_signed_in(account):
    """The right response is accepted, and none that differs in anything that counts."""
    # Anybody may ask: what is asked is not signed.
    ask = make_client(account.server, service="sts").assume_role_with_saml
    idp, other = Idp(), Idp()
    provider = registered(account, idp)
    same = {"saml:iss": ENTITY, "saml:sub": "ann@example.com"}
    arn = role(account, {"Federated": provider}, BY_SAML, {"StringEquals": same})

    def outcome(response):
        try:
            ask(RoleArn=arn, PrincipalArn=provider, SAMLAssertion=response)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "accepted"

    def two(response):
        """With a second assertion, about somebody else, before the one that is signed."""
        head, tail = response.split("</samlp:Status>")
        evil = tail.removesuffix("</samlp:Response>").replace("ann@", "bob@").replace("_a", "_b")
        return f"{head}</samlp:Status>{evil}{tail}"

    outcomes = {
        idp.response(arn, provider): "accepted",
        idp.response(arn, provider, subject="bob@example.com"): "AccessDenied",
        idp.response(arn + "-other", provider): "AccessDenied",
        idp.response(arn, provider, audience="somebody-else"): "InvalidIdentityToken",
        idp.response(arn, provider, lasts=-3600): "ExpiredTokenException",
        other.response(arn, provider): "InvalidIdentityToken",
        idp.response(arn, provider, change=lambda text: text.replace("ann@", "bob@")): "InvalidIdentityToken",
        idp.response(arn, provider, change=two): "InvalidIdentityToken",
        idp.response(arn, provider, change=lambda text: f"<!DOCTYPE a>{text}"): "InvalidIdentityToken",
        "bm8gcmVzcG9uc2U=": "InvalidIdentityToken",
    }
    assert {response: outcome(response) for response in outcomes} == outcomes


def test_a_workflow_of_one_repository_on_one_branch(account):
    """GitHub's tokens: the right one is accepted, and none that differs in anything that counts."""
    # Anybody may ask: what is asked is not signed.
    ask = make_client(account.server, service="sts").assume_role_with_web_identity
    with Issuer() as issuer, Issuer() as other:
        same = {f"{issuer.name}:aud": "sts.amazonaws.com", f"{issuer.name}:sub": "repo:octo/app:ref:refs/heads/main"}
        arn = role(account, {"Federated": provided(account, issuer)}, WEB, {"StringEquals": same})

        def outcome(token):
            try:
                ask(RoleArn=arn, RoleSessionName="run", WebIdentityToken=token)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return "accepted"

        past = int(time.time()) - 3600
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        unsigned = f"{encoded({'alg': 'none'})}.{encoded(issuer.claims())}."
        outcomes = {
            issuer.token(): "accepted",
            issuer.token(sub="repo:octo/app:ref:refs/heads/dev"): "AccessDenied",
            issuer.token(sub="repo:octo/other:ref:refs/heads/main"): "AccessDenied",
            issuer.token(aud="somebody-else"): "InvalidIdentityToken",
            other.token(): "InvalidIdentityToken",
            issuer.token(iss=other.url): "InvalidIdentityToken",
            other.token(iss=issuer.url): "InvalidIdentityToken",
            issuer.token(iat=past - 300, exp=past): "ExpiredTokenException",
            issuer.token(key=stranger): "InvalidIdentityToken",
            issuer.token(header={"alg": "HS256", "kid": "one"}): "InvalidIdentityToken",
            unsigned: "InvalidIdentityToken",
            "no token at all": "InvalidIdentityToken",
        }
        assert {token: outcome(token) for token in outcomes} == outcomes


def test_credentials_end_with_their_role(account):
    arn = role(account)
    sts = client_of(account.server, admin(account), "sts")
    credentials = sts.assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    who(account, credentials)
    name = arn.rsplit("/", 1)[1]
    trust = iam(account).get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam(account).delete_role_policy(RoleName=name, PolicyName="own")
    iam(account).delete_role(RoleName=name)
    iam(account).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    with fails(account, "InvalidClientTokenId"):
        who(account, credentials)


def test_credentials_end_with_their_time(own):
    sts = client_of(own.server, admin(own), "sts")
    credentials = sts.get_session_token(DurationSeconds=900)["Credentials"]
    who(own, credentials)
    own.server.advance(901)
    with fails(own, "ExpiredToken"):
        who(own, credentials)


def test_a_changed_token_is_of_no_use(account):
    credentials = client_of(account.server, admin(account), "sts").get_session_token()["Credentials"]
    token = credentials["SessionToken"]
    for bad in [token[:-8] + "AAAAAAAA", token[8:], "x"]:
        with fails(account, "InvalidClientTokenId"):
            who(account, credentials | {"SessionToken": bad})


def test_the_root_user_assumes_no_role(account):
    arn = role(account)
    with fails(account, "AccessDenied", "Roles may not be assumed by root accounts."):
        account.client("sts").assume_role(RoleArn=arn, RoleSessionName="one")


def test_a_role_of_another_account_needs_both_sides(server, account):
    other = Account(server, str(int(account.key) + 500_000_000_000))
    open_role = role(other, {"AWS": account.root})
    closed = role(other)
    credentials = admin(account)
    sts = client_of(server, credentials, "sts")
    session = sts.assume_role(RoleArn=open_role, RoleSessionName="one")["Credentials"]
    assert who(account, session)["Account"] == other.key
    for arn in [closed, closed + "-not-there"]:
        with fails(account, "AccessDenied"):
            sts.assume_role(RoleArn=arn, RoleSessionName="one")
    powerless = client_of(server, key_of(account, user(account)), "sts")
    with fails(account, "AccessDenied"):
        powerless.assume_role(RoleArn=open_role, RoleSessionName="one")


def test_what_trust_asks_for_has_to_be_said(account):
    condition = {"StringEquals": {"sts:ExternalId": "customer-7", "aws:RequestTag/Team": "red"}}
    arn = role(account, action=["sts:AssumeRole", "sts:TagSession"], condition=condition)
    sts = client_of(account.server, admin(account), "sts")
    asked = {"RoleArn": arn, "RoleSessionName": "one"}
    tags = [{"Key": "Team", "Value": "red"}]
    answer = sts.assume_role(**asked, ExternalId="customer-7", Tags=tags)
    assert answer["PackedPolicySize"] > 0
    for less in [{"ExternalId": "customer-7"}, {"Tags": tags}, {"ExternalId": "customer-8", "Tags": tags}]:
        with fails(account, "AccessDenied"):
            sts.assume_role(**asked, **less)


def test_a_session_policy_limits_the_session(account):
    policy = json.dumps(document(action="sqs:ListQueues"))
    sts = client_of(account.server, admin(account), "sts")
    session = sts.assume_role(RoleArn=role(account), RoleSessionName="one", Policy=policy)["Credentials"]
    sqs = client_of(account.server, session, "sqs")
    sqs.list_queues()
    with fails(account, "AccessDenied"):
        sqs.create_queue(QueueName=account.name())


def test_a_second_factor(account):
    """The role wants one; a code of the user's device is one, once."""
    name, serial, seed, last = enabled(account)
    iam(account).put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document(action="*")))
    sts = client_of(account.server, key_of(account, name), "sts")
    arn = role(account, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    asked = {"RoleArn": arn, "RoleSessionName": "one"}
    shown = {"SerialNumber": serial, "TokenCode": code(seed.encode() if isinstance(seed, str) else seed, last + 1)}
    with fails(account, "AccessDenied"):
        sts.assume_role(**asked)
    sts.assume_role(**asked, **shown)
    with fails(account, "AccessDenied"):
        sts.assume_role(**asked, **shown)
