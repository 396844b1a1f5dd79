"""Secrets are in no log, no trace, no error and no file, whatever is done with them and whatever goes wrong."""

import base64
import json
import re
import secrets
import urllib.parse

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from support.aws import CONFIG, Account, client_of
from support.canary import files, forms, leaks
from support.certificates import pair
from support.http import Client, Signer, send
from support.http2 import Http2
from support.totp import code

KEY = "437064342167"
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"


class Run:
    """Stores secrets, provokes errors with them, and collects what came back."""

    def __init__(self, server):
        self.server = server
        self.account = Account(server, KEY)
        # The client lets everything through: it is the server that has to refuse.
        self.config = CONFIG.merge(Config(parameter_validation=False))
        # What must never be seen.
        self.secrets = {}
        # What the server said when it refused.
        self.errors = []

    def client(self, service, credentials=None):
        return client_of(self.server, credentials or self.account.own(), service, config=self.config)

    def new(self, name, length=24):
        """A secret, which would do as a password."""
        self.secrets[name] = "Zq7-" + secrets.token_urlsafe(length)
        return self.secrets[name]

    def keep(self, name, secret):
        """A secret that the server made."""
        self.secrets[name] = secret
        return secret

    def refused(self, function, **parameters):
        with pytest.raises(ClientError) as caught:
            function(**parameters)
        self.errors.append(json.dumps(caught.value.response, default=str))

    def refused_raw(self, service, body, **headers):
        """A body that no client would send."""
        client = Client(self.server, Signer(service=service, key=KEY))
        answer = client.send("POST", "/", headers, body)
        assert answer.status >= 400, answer
        self.errors.append(answer.body.decode(errors="replace"))


@pytest.fixture
def run(new_server):
    return Run(new_server(verbosity="trace").start())


def in_secrets_manager(run):
    client = run.client("secretsmanager")
    text = run.new("text of a secret")
    binary = run.new("bytes of a secret")
    client.create_secret(Name="text", SecretString=text)
    client.create_secret(Name="binary", SecretBinary=binary.encode())
    client.put_secret_value(SecretId="text", SecretString=json.dumps({"password": run.new("second version")}))
    client.update_secret(SecretId="binary", SecretString=run.new("third version"))
    assert run.secrets["second version"] in client.get_secret_value(SecretId="text")["SecretString"]
    client.batch_get_secret_value(SecretIdList=["text", "binary"])
    run.keep("random password", client.get_random_password(PasswordLength=40)["RandomPassword"])

    run.refused(client.create_secret, Name="text", SecretString=text)
    run.refused(client.create_secret, Name="no name", SecretString=text)
    run.refused(client.create_secret, Name="both", SecretString=text, SecretBinary=binary.encode())
    run.refused(client.create_secret, Name="long", SecretString=text * 3000)
    run.refused(client.put_secret_value, SecretId="nowhere", SecretString=text)
    run.refused(client.put_secret_value, SecretId="text", SecretString=text, ClientRequestToken="short")
    token = "0" * 32
    client.put_secret_value(SecretId="text", SecretString=text, ClientRequestToken=token)
    run.refused(client.put_secret_value, SecretId="text", SecretString=text + "2", ClientRequestToken=token)
    client.delete_secret(SecretId="binary")
    run.refused(client.update_secret, SecretId="binary", SecretString=text)
    run.refused(client.get_secret_value, SecretId="binary")
    # Not JSON, not the type, not an operation, and not for this caller.
    target = {"Content-Type": JSON, "X-Amz-Target": "secretsmanager.CreateSecret"}
    run.refused_raw("secretsmanager", f'{{"Name": "x", "SecretString": "{text}'.encode(), **target)
    run.refused_raw("secretsmanager", f'{{"Name": "x", "SecretString": ["{text}"]}}'.encode(), **target)
    run.refused_raw("secretsmanager", f'{{"Name": "x", "SecretBinary": "{text}!"}}'.encode(), **target)
    body = json.dumps({"SecretString": text}).encode()
    run.refused_raw("secretsmanager", body, **target | {"X-Amz-Target": "secretsmanager.Nothing"})
    run.refused_raw("kms", body, **target)


def in_parameter_store(run):
    client = run.client("ssm")
    value = run.new("secure parameter")
    client.put_parameter(Name="/app/password", Value=value, Type="SecureString")
    client.put_parameter(Name="/app/password", Value=run.new("newer parameter"), Type="SecureString", Overwrite=True)
    found = client.get_parameter(Name="/app/password", WithDecryption=True)["Parameter"]["Value"]
    assert found == run.secrets["newer parameter"]
    history = client.get_parameter_history(Name="/app/password", WithDecryption=True)["Parameters"]
    assert history[0]["Value"] == value
    client.get_parameters_by_path(Path="/app", WithDecryption=True)

    run.refused(client.put_parameter, Name="/app/password", Value=value, Type="SecureString")
    run.refused(client.put_parameter, Name="/aws/mine", Value=value, Type="SecureString")
    run.refused(client.put_parameter, Name="/long", Value=value * 400, Type="SecureString")
    run.refused(client.put_parameter, Name="/app/key", Value=value, Type="SecureString", KeyId="alias/nowhere")
    run.refused(client.put_parameter, Name="/app/pattern", Value=value, Type="SecureString", AllowedPattern="^no$")
    run.refused(client.put_parameter, Name="/app/type", Value=value, Type="Secure")
    target = {"Content-Type": JSON, "X-Amz-Target": "AmazonSSM.PutParameter"}
    run.refused_raw("ssm", f'{{"Name": "x", "Type": "SecureString", "Value": "{value}'.encode(), **target)
    run.refused_raw("ssm", f'{{"Name": "x", "Type": "SecureString", "Value": {{"a": "{value}"}}}}'.encode(), **target)


def in_kms(run):
    client = run.client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]
    plain = run.new("plaintext").encode()
    context = {"tenant": "blue"}
    sealed = client.encrypt(KeyId=key, Plaintext=plain, EncryptionContext=context)["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == plain
    run.keep("data key", client.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"])
    made = client.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    # All of it begins like every key of its kind: the secret is in the middle.
    run.keep("private key of a pair", made["PrivateKeyPlaintext"][36:68])
    imported = client.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    wanted = {"KeyId": imported, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    parameters = client.get_parameters_for_import(**wanted)
    material = run.keep("imported material", secrets.token_bytes(32))
    wanted = {"KeyId": imported, "ImportToken": parameters["ImportToken"]}
    wanted["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE"
    wrapped = serialization.load_der_public_key(parameters["PublicKey"]).encrypt(material, OAEP)
    client.import_key_material(**wanted, EncryptedKeyMaterial=wrapped)

    run.refused(client.import_key_material, **wanted, EncryptedKeyMaterial=material)
    run.refused(client.encrypt, KeyId="alias/nowhere", Plaintext=plain)
    run.refused(client.encrypt, KeyId=key, Plaintext=plain * 300)
    run.refused(client.encrypt, KeyId=key, Plaintext=plain, EncryptionAlgorithm="RSAES_OAEP_SHA_1")
    run.refused(client.decrypt, CiphertextBlob=plain)
    run.refused(client.decrypt, CiphertextBlob=sealed, EncryptionContext={"tenant": "red"})
    client.disable_key(KeyId=key)
    run.refused(client.encrypt, KeyId=key, Plaintext=plain)
    target = {"Content-Type": JSON, "X-Amz-Target": "TrentService.Encrypt"}
    encoded = base64.b64encode(plain).decode()
    run.refused_raw("kms", f'{{"KeyId": "{key}", "Plaintext": "{encoded}'.encode(), **target)
    run.refused_raw("kms", f'{{"KeyId": "{key}", "Plaintext": "{plain.decode()}*"}}'.encode(), **target)
    run.refused_raw("kms", f'{{"KeyId": "{key}", "Plaintext": ["{encoded}"]}}'.encode(), **target)


def in_iam(run):
    client = run.client("iam")
    client.create_user(UserName="somebody")
    password = run.new("password")
    client.create_login_profile(UserName="somebody", Password=password)
    client.update_login_profile(UserName="somebody", Password=run.new("second password"))
    key = client.create_access_key(UserName="somebody")["AccessKey"]
    run.keep("secret access key", key["SecretAccessKey"])
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    client.put_user_policy(UserName="somebody", PolicyName="all", PolicyDocument=json.dumps(everything))
    own = run.client("iam", key)
    own.change_password(OldPassword=run.secrets["second password"], NewPassword=run.new("third password"))
    made = client.create_service_specific_credential(UserName="somebody", ServiceName="codecommit.amazonaws.com")
    run.keep("password for a service", made["ServiceSpecificCredential"]["ServicePassword"])
    device = client.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = device["Base32StringSeed"]
    run.keep("MFA seed", seed)
    run.keep("bytes of the MFA seed", base64.b32decode(seed))
    certificate, private = pair()
    lines = private.splitlines()
    run.keep("private key of a certificate", base64.b64decode("".join(lines[1:-1]))[300:348])
    run.keep("line of a private key", lines[8])
    client.upload_server_certificate(
        ServerCertificateName="web", CertificateBody=certificate, PrivateKey=private
    )

    run.refused(client.create_login_profile, UserName="somebody", Password=password)
    run.refused(client.create_login_profile, UserName="nobody", Password=password)
    run.refused(client.update_login_profile, UserName="somebody", Password=password * 6)
    run.refused(client.update_login_profile, UserName="somebody", Password=password + "\u20ac")
    client.update_account_password_policy(MinimumPasswordLength=60)
    run.refused(client.update_login_profile, UserName="somebody", Password=password)
    run.refused(own.change_password, OldPassword=password, NewPassword=password + "2")
    step = 10**6
    wrong = {"AuthenticationCode1": code(seed, step)}
    wrong["AuthenticationCode2"] = code(seed, step + 1)
    run.refused(client.enable_mfa_device, UserName="somebody", SerialNumber=device["SerialNumber"], **wrong)
    run.refused(
        client.upload_server_certificate,
        ServerCertificateName="other",
        CertificateBody=pair()[0],
        PrivateKey=private,
    )
    broken = private.replace(lines[8], "")
    run.refused(
        client.upload_server_certificate, ServerCertificateName="x", CertificateBody=certificate, PrivateKey=broken
    )
    fields = {"Action": "CreateLoginProfile", "Version": "2010-05-08", "UserName": "somebody", "Password": password}
    # In the place of a name or an operation it would be quoted, for nobody expects a secret there.
    for more in ({"Password": password * 6}, {"PasswordResetRequired": password}):
        body = urllib.parse.urlencode(fields | more).encode()
        run.refused_raw("iam", body, **{"Content-Type": FORM})
    run.refused_raw("iam", urllib.parse.urlencode(fields).encode() + b"&Tags.member.x=1&%ZZ", **{"Content-Type": FORM})
    # A signature by the right key that is wrong, and a secret in the place of the key's id.
    run.refused(run.client("iam", key | {"SecretAccessKey": "wrong"}).get_user)
    run.refused(run.client("iam", key | {"AccessKeyId": run.new("secret in the place of an id", 12)}).get_user)
    del run.secrets["secret in the place of an id"]
    return key


def in_sts(run, key):
    sts = run.client("sts", key)
    found = sts.get_session_token()["Credentials"]
    run.keep("secret of a session", found["SecretAccessKey"])
    run.keep("token of a session", found["SessionToken"])
    assert run.client("sts", found).get_caller_identity()["Account"] == KEY
    broken = found["SessionToken"][:-8] + "AAAAAAAA"
    run.refused(run.client("sts", found | {"SessionToken": broken}).get_caller_identity)
    run.refused(run.client("sts", found | {"SecretAccessKey": "wrong"}).get_caller_identity)


def over_http2(run, key):
    """The one library below that tells of its work, in detail: headers with a token, and a body with a secret."""
    given = run.client("sts", key).get_session_token()["Credentials"]
    token = run.keep("token over HTTP/2", given["SessionToken"])
    secret = run.new("secret over HTTP/2")
    body = json.dumps({"SecretId": "text", "SecretString": secret, "ClientRequestToken": "1" * 32}).encode()
    signer = Signer("secretsmanager", key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=token)
    target = {"Content-Type": JSON, "X-Amz-Target": "secretsmanager.PutSecretValue"}
    # Wrong in what it says, not in its signature: that error quotes to the caller what it should have signed, with
    # the token.
    wrong = body.replace(b"1" * 32, b"1")
    connection = Http2(run.server)
    try:
        streams = []
        for sent in (body, wrong):
            headers = signer.headers("POST", run.server.url + "/", target, sent)
            streams.append(connection.send(run.server.authority, "POST", "/", headers, sent))
        answers = connection.answers(streams)
    finally:
        connection.close()
    assert [answer.status for answer in answers] == [200, 400], answers
    run.errors.append(answers[1].body.decode())


def in_s3(run, key):
    """Keys of customers; bytes of objects in a record, in a file and in parts; and a token in the query of a URL."""
    client = run.client("s3")
    client.create_bucket(Bucket="canary")
    # Text of the length of a key. Clients send it in base64.
    own = run.new("key of a customer", 21)
    wrong = run.new("wrong key of a customer", 21)
    of = {"Bucket": "canary", "Key": "own", "SSECustomerAlgorithm": "AES256"}
    filler = bytes(100_000)
    body = run.new("bytes for a customer's key").encode()
    client.put_object(**of, SSECustomerKey=own, Body=body + filler)
    assert client.get_object(**of, SSECustomerKey=own)["Body"].read() == body + filler
    run.refused(client.get_object, **of, SSECustomerKey=wrong)
    run.refused(client.get_object, Bucket="canary", Key="own")
    run.refused(client.put_object, **of, SSECustomerKey=own + "long", Body=body)
    run.refused(client.put_object, **of, SSECustomerKey=own, Body=body, ServerSideEncryption="aws:kms")

    by_kms = {"Bucket": "canary", "ServerSideEncryption": "aws:kms"}
    by_kms["SSEKMSKeyId"] = run.client("kms").create_key()["KeyMetadata"]["KeyId"]
    short = run.new("bytes of a short object").encode()
    client.put_object(**by_kms, Key="short", Body=short)
    long = filler + run.new("bytes of a long object").encode() + filler
    client.put_object(**by_kms, Key="long", Body=long)
    upload = client.create_multipart_upload(**by_kms, Key="parts")["UploadId"]
    part = {"Bucket": "canary", "Key": "parts", "UploadId": upload}
    sent = run.new("bytes of a part").encode() + filler
    made = client.upload_part(**part, PartNumber=1, Body=sent)
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": made["ETag"]}]})
    for name, content in (("short", short), ("long", long), ("parts", sent)):
        assert client.get_object(Bucket="canary", Key=name)["Body"].read() == content
    plain = run.new("bytes of an object that nobody wanted encrypted").encode()
    client.put_object(Bucket="canary", Key="plain", Body=plain + filler)

    run.refused(client.put_object, Bucket="canary", Key="x", Body=short, ChecksumSHA256="A" * 43 + "=")
    run.refused(client.put_object, Bucket="canary", Key="x", Body=long, ContentMD5="A" * 22 + "==")
    run.refused(client.put_object, Bucket="nowhere", Key="x", Body=long)
    run.refused(client.put_object, Bucket="canary", Key="x", Body=long, IfMatch='"0"')
    session = run.client("sts", key).get_session_token()["Credentials"]
    # Its longest part that is the same in a URL.
    run.keep("token in a URL", max(re.findall(r"[A-Za-z0-9]+", session["SessionToken"]), key=len))
    assert len(run.secrets["token in a URL"]) >= 20
    signer = {"key": session["AccessKeyId"], "secret": session["SecretAccessKey"], "token": session["SessionToken"]}
    target = Signer("s3", **signer).presign("GET", f"{run.server.url}/canary/plain")
    assert send(run.server, "GET", target).body == plain + filler
    refused = send(run.server, "GET", target.replace("X-Amz-Expires=300", "X-Amz-Expires=301"))
    assert refused.status == 403
    # What was to be signed is told to who asked, and has the token in it as the caller sent it.
    run.errors.append(refused.body.decode().replace(run.secrets["token in a URL"], ""))


def test_no_secret_is_seen(run):
    in_secrets_manager(run)
    in_parameter_store(run)
    in_kms(run)
    key = in_iam(run)
    in_sts(run, key)
    in_s3(run, key)
    over_http2(run, key)
    # What shows that the search would find something.
    shown = "canary-in-a-message-" + secrets.token_hex(8)
    run.account.send(run.account.queue(), shown)
    run.refused(run.account.sqs.get_queue_url, QueueName=shown)

    while_it_runs = files(run.server.data)
    assert run.server.terminate() == 0
    afterwards = files(run.server.data)
    places = {f"{name} while it runs": content for name, content in while_it_runs.items()}
    places |= {f"{name} afterwards": content for name, content in afterwards.items()}
    places |= {
        "the log": run.server.log_text().encode(),
        "standard output": run.server.output.encode(),
        "an error": "\n".join(run.errors).encode(),
    }
    assert b"TRACE" in places["the log"], "everything that can be logged was logged"
    assert len(run.errors) > 40
    assert leaks({"the message": shown}, {name: places[name] for name in places if name.startswith("/")})
    assert leaks(run.secrets, places) == []


def test_items_are_in_no_log(run):
    """They are no secrets to the data directory, and those who read logs are not those who read tables."""
    client = run.client("dynamodb")
    client.create_table(
        TableName="canary",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"p": {"S": run.new("key of an item")}}
    item = key | {"v": {"S": run.new("text of an item")}, "b": {"B": run.new("bytes of an item").encode()}}
    client.put_item(TableName="canary", Item=item)
    assert client.get_item(TableName="canary", Key=key)["Item"] == item
    change = {
        "TableName": "canary",
        "Key": key,
        "UpdateExpression": "SET v = :v",
        "ExpressionAttributeValues": {":v": {"S": run.new("value of an expression")}},
    }
    client.update_item(**change)
    client.batch_write_item(RequestItems={"canary": [{"PutRequest": {"Item": item}}]})
    client.transact_write_items(TransactItems=[{"Update": change}])
    client.query(
        TableName="canary", KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": key["p"]}
    )
    client.scan(TableName="canary")
    condition = {"ConditionExpression": "attribute_not_exists(p)"}
    run.refused(client.put_item, TableName="canary", Item=item, **condition)
    run.refused(client.transact_write_items, TransactItems=[{"Update": change | condition}])
    run.refused(client.put_item, TableName="canary", Item=item | {"n": {"N": item["v"]["S"]}})
    run.refused(client.get_item, TableName="canary", Key={"p": item["b"]})
    body = f'{{"TableName": "canary", "Item": {{"p": {{"S": "{item["v"]["S"]}'.encode()
    target = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.PutItem"}
    run.refused_raw("dynamodb", body, **target)
    assert run.server.terminate() == 0
    places = {"the log": run.server.log_text().encode(), "standard output": run.server.output.encode()}
    assert b"PutItem" in places["the log"]
    assert leaks(run.secrets, places) == []
    assert leaks(run.secrets, files(run.server.data)) != [], "it would be found"


def test_the_search_finds_every_form():
    secret = "Zq7-" + secrets.token_urlsafe(24)
    shown = {
        "plain": f"value={secret};",
        "hex": f"0x{secret.encode().hex()}",
        "bytes": str(list(secret.encode())),
        "base64": base64.b64encode(b"ab" + secret.encode() + b"c").decode(),
    }
    places = {name: text.encode() for name, text in shown.items()}
    found = leaks({"it": secret}, places)
    assert {place for place in places if any(f" in {place} " in leak for leak in found)} == set(places)
    assert leaks({"it": secret}, {"elsewhere": b"nothing " * 100}) == []
    assert all(len(form) > 20 for form in forms(secret).values())
