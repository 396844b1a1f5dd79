"""KMS by its stock clients: every operation, and that what it computes is what others compute."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from support.aws import REGION, Account, fails, make_client
from support.operations import Operations

operation = Operations("kms")

DAY_S = 86_400
CONTEXT = {"tenant": "blue", "purpose": "test"}
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def create(account, **parameters):
    """Makes a key and gives its id."""
    return account.client("kms").create_key(**parameters)["KeyMetadata"]["KeyId"]


def metadata(account, key):
    return account.client("kms").describe_key(KeyId=key)["KeyMetadata"]


def arn(account, key):
    return f"arn:aws:kms:{REGION}:{account.key}:key/{key}"


def public_key(account, key):
    """The public half, as another library reads it."""
    return serialization.load_der_public_key(account.client("kms").get_public_key(KeyId=key)["PublicKey"])


def alias(account):
    return "alias/" + account.name("alias")


def aliases(account, key):
    return [a["AliasName"] for a in account.client("kms").list_aliases(KeyId=key)["Aliases"]]


def grant(account, key, operations=("Decrypt",), **more):
    return account.client("kms").create_grant(
        KeyId=key, GranteePrincipal=account.root, Operations=list(operations), **more
    )


def grants(account, key):
    return [g["GrantId"] for g in account.client("kms").list_grants(KeyId=key)["Grants"]]


def external(account, call=None):
    """A key whose material is to be imported, and 32 bytes that were imported into it."""
    kms = account.client("kms")
    key = create(account, Origin="EXTERNAL")
    wanted = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    parameters = kms.get_parameters_for_import(**wanted)
    material = bytes(range(32))
    wrapped = serialization.load_der_public_key(parameters["PublicKey"]).encrypt(material, OAEP)
    imported = {
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": wrapped,
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
    if call is None:
        kms.import_key_material(**imported)
        return key
    return key, call("ImportKeyMaterial", **imported)


@operation
def cancel_key_deletion(account, call):
    key = create(account)
    account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert call("CancelKeyDeletion", KeyId=key) == {"KeyId": arn(account, key)}
    found = metadata(account, key)
    assert found["KeyState"] == "Disabled"
    assert "DeletionDate" not in found


@operation
def create_alias(account, call):
    key, name = create(account), alias(account)
    assert call("CreateAlias", AliasName=name, TargetKeyId=key) == {}
    assert aliases(account, key) == [name]
    assert metadata(account, name)["KeyId"] == key
    with fails(account, "AlreadyExistsException"):
        account.client("kms").create_alias(AliasName=name, TargetKeyId=key)


@operation
def create_grant(account, call):
    key = create(account)
    made = call("CreateGrant", KeyId=key, GranteePrincipal=account.root, Operations=["Encrypt"], Name="one")
    assert len(made["GrantId"]) == 64
    assert made["GrantToken"]
    [found] = account.client("kms").list_grants(KeyId=key)["Grants"]
    assert (found["GrantId"], found["Operations"], found["Name"]) == (made["GrantId"], ["Encrypt"], "one")


@operation
def create_key(account, call):
    tags = [{"TagKey": "team", "TagValue": "blue"}]
    made = call("CreateKey", Description="of a test", Tags=tags)["KeyMetadata"]
    assert made["Arn"] == arn(account, made["KeyId"])
    assert (made["AWSAccountId"], made["Description"], made["Enabled"]) == (account.key, "of a test", True)
    assert (made["KeySpec"], made["KeyUsage"], made["KeyState"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "Enabled")
    assert (made["Origin"], made["KeyManager"], made["MultiRegion"]) == ("AWS_KMS", "CUSTOMER", False)
    assert made["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert account.client("kms").list_resource_tags(KeyId=made["KeyId"])["Tags"] == tags


@operation
def decrypt(account, call):
    key = create(account)
    sealed = account.client("kms").encrypt(KeyId=key, Plaintext=b"text", EncryptionContext=CONTEXT)["CiphertextBlob"]
    opened = call("Decrypt", CiphertextBlob=sealed, EncryptionContext=CONTEXT)
    assert (opened["Plaintext"], opened["KeyId"]) == (b"text", arn(account, key))
    assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    with fails(account, "InvalidCiphertextException"):
        account.client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext={"tenant": "red"})
    with fails(account, "IncorrectKeyException"):
        account.client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext=CONTEXT, KeyId=create(account))


@operation
def delete_alias(account, call):
    key, name = create(account), alias(account)
    account.client("kms").create_alias(AliasName=name, TargetKeyId=key)
    assert call("DeleteAlias", AliasName=name) == {}
    assert aliases(account, key) == []
    with fails(account, "NotFoundException"):
        account.client("kms").delete_alias(AliasName=name)


@operation
def delete_imported_key_material(account, call):
    key = external(account)
    sealed = account.client("kms").encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert call("DeleteImportedKeyMaterial", KeyId=key)["KeyId"] == arn(account, key)
    assert metadata(account, key)["KeyState"] == "PendingImport"
    with fails(account, "KMSInvalidStateException"):
        account.client("kms").decrypt(CiphertextBlob=sealed)


@operation
def derive_shared_secret(account, call):
    key = create(account, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    mine = ec.generate_private_key(ec.SECP256R1())
    encoded = mine.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    shared = call("DeriveSharedSecret", KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=encoded)
    assert shared["SharedSecret"] == mine.exchange(ec.ECDH(), public_key(account, key))


@operation
def describe_key(account, call):
    key = create(account, Description="described")
    for name in (key, arn(account, key)):
        found = call("DescribeKey", KeyId=name)["KeyMetadata"]
        assert (found["KeyId"], found["Description"]) == (key, "described")
    with fails(account, "NotFoundException"):
        account.client("kms").describe_key(KeyId="00000000-0000-4000-8000-000000000000")


@operation
def disable_key(account, call):
    key = create(account)
    assert call("DisableKey", KeyId=key) == {}
    assert metadata(account, key)["KeyState"] == "Disabled"
    with fails(account, "DisabledException"):
        account.client("kms").encrypt(KeyId=key, Plaintext=b"text")


@operation
def disable_key_rotation(account, call):
    key = create(account)
    account.client("kms").enable_key_rotation(KeyId=key)
    assert call("DisableKeyRotation", KeyId=key) == {}
    assert account.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


@operation
def enable_key(account, call):
    key = create(account)
    account.client("kms").disable_key(KeyId=key)
    assert call("EnableKey", KeyId=key) == {}
    assert metadata(account, key)["KeyState"] == "Enabled"


@operation
def enable_key_rotation(account, call):
    key = create(account)
    assert call("EnableKeyRotation", KeyId=key, RotationPeriodInDays=90) == {}
    status = account.client("kms").get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    with fails(account, "UnsupportedOperationException"):
        rsa_key = create(account, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
        account.client("kms").enable_key_rotation(KeyId=rsa_key)


@operation
def encrypt(account, call):
    key = create(account)
    sealed = call("Encrypt", KeyId=key, Plaintext=b"text", EncryptionContext=CONTEXT)
    assert sealed["KeyId"] == arn(account, key)
    assert b"text" not in sealed["CiphertextBlob"]
    opened = account.client("kms").decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == b"text"


@operation
def generate_data_key(account, call):
    key = create(account)
    made = call("GenerateDataKey", KeyId=key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    assert len(made["Plaintext"]) == 32
    opened = account.client("kms").decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == made["Plaintext"]
    assert len(call("GenerateDataKey", KeyId=key, NumberOfBytes=17)["Plaintext"]) == 17


@operation
def generate_data_key_pair(account, call):
    made = call("GenerateDataKeyPair", KeyId=create(account), KeyPairSpec="ECC_NIST_P256")
    opened = account.client("kms").decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert opened == made["PrivateKeyPlaintext"]
    private = serialization.load_der_private_key(opened, None)
    assert private.public_key() == serialization.load_der_public_key(made["PublicKey"])


@operation
def generate_data_key_pair_without_plaintext(account, call):
    made = call("GenerateDataKeyPairWithoutPlaintext", KeyId=create(account), KeyPairSpec="RSA_2048")
    assert "PrivateKeyPlaintext" not in made
    opened = account.client("kms").decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"]
    private = serialization.load_der_private_key(opened, None)
    assert private.key_size == 2048
    assert private.public_key() == serialization.load_der_public_key(made["PublicKey"])


@operation
def generate_data_key_without_plaintext(account, call):
    made = call("GenerateDataKeyWithoutPlaintext", KeyId=create(account), KeySpec="AES_128")
    assert "Plaintext" not in made
    assert len(account.client("kms").decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"]) == 16


@operation
def generate_mac(account, call):
    key = create(account, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    made = call("GenerateMac", KeyId=key, Message=b"text", MacAlgorithm="HMAC_SHA_256")
    assert len(made["Mac"]) == 32
    wanted = {"KeyId": key, "Message": b"text", "MacAlgorithm": "HMAC_SHA_256", "Mac": made["Mac"]}
    assert account.client("kms").verify_mac(**wanted)["MacValid"] is True


@operation
def generate_random(account, call):
    first, second = (call("GenerateRandom", NumberOfBytes=24)["Plaintext"] for _ in range(2))
    assert len(first) == len(second) == 24
    assert first != second


@operation
def get_key_last_usage(account, call):
    key = create(account)
    assert "Operation" not in call("GetKeyLastUsage", KeyId=key).get("KeyLastUsage", {})
    account.client("kms").encrypt(KeyId=key, Plaintext=b"text")
    assert call("GetKeyLastUsage", KeyId=key)["KeyLastUsage"]["Operation"] == "Encrypt"


@operation
def get_key_policy(account, call):
    policy = json.loads(call("GetKeyPolicy", KeyId=create(account), PolicyName="default")["Policy"])
    [statement] = policy["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Allow", {"AWS": account.root})
    assert (statement["Action"], statement["Resource"]) == ("kms:*", "*")


@operation
def get_key_rotation_status(account, call):
    key = create(account)
    status = call("GetKeyRotationStatus", KeyId=key)
    assert (status["KeyRotationEnabled"], status["KeyId"]) == (False, arn(account, key))


@operation
def get_parameters_for_import(account, call):
    key = create(account, Origin="EXTERNAL")
    wanted = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_3072"}
    parameters = call("GetParametersForImport", **wanted)
    assert serialization.load_der_public_key(parameters["PublicKey"]).key_size == 3072
    assert parameters["ImportToken"]
    assert parameters["ParametersValidTo"]


@operation
def get_public_key(account, call):
    key = create(account, KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")
    found = call("GetPublicKey", KeyId=key)
    assert (found["KeySpec"], found["SigningAlgorithms"]) == ("ECC_NIST_P384", ["ECDSA_SHA_384"])
    assert serialization.load_der_public_key(found["PublicKey"]).curve.name == "secp384r1"


@operation
def import_key_material(account, call):
    key, answer = external(account, call)
    assert answer["KeyId"] == arn(account, key)
    found = metadata(account, key)
    assert (found["KeyState"], found["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    sealed = account.client("kms").encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert account.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"


@operation
def list_aliases(account, call):
    key, name = create(account), alias(account)
    account.client("kms").create_alias(AliasName=name, TargetKeyId=key)
    [found] = call("ListAliases", KeyId=key)["Aliases"]
    assert (found["AliasName"], found["TargetKeyId"]) == (name, key)
    assert found["AliasArn"] == f"arn:aws:kms:{REGION}:{account.key}:{name}"
    assert name in [a["AliasName"] for a in call("ListAliases")["Aliases"]]


@operation
def list_grants(account, call):
    key = create(account)
    ids = {grant(account, key, Name=name)["GrantId"] for name in ("one", "two")}
    assert {g["GrantId"] for g in call("ListGrants", KeyId=key)["Grants"]} == ids
    page = call("ListGrants", KeyId=key, Limit=1)
    assert (len(page["Grants"]), page["Truncated"]) == (1, True)
    rest = call("ListGrants", KeyId=key, Limit=1, Marker=page["NextMarker"])
    assert {g["GrantId"] for g in page["Grants"] + rest["Grants"]} == ids


@operation
def list_key_policies(account, call):
    assert call("ListKeyPolicies", KeyId=create(account))["PolicyNames"] == ["default"]


@operation
def list_key_rotations(account, call):
    key = create(account)
    account.client("kms").rotate_key_on_demand(KeyId=key)
    [rotation] = call("ListKeyRotations", KeyId=key)["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND"


@operation
def list_keys(account, call):
    keys = {create(account) for _ in range(3)}
    found = call("ListKeys")["Keys"]
    assert {k["KeyId"] for k in found} == keys
    assert {k["KeyArn"] for k in found} == {arn(account, key) for key in keys}


@operation
def list_resource_tags(account, call):
    tags = [{"TagKey": "team", "TagValue": "blue"}]
    assert call("ListResourceTags", KeyId=create(account, Tags=tags))["Tags"] == tags


@operation
def list_retirable_grants(account, call):
    key = create(account)
    made = grant(account, key, RetiringPrincipal=account.root)
    grant(account, key)
    [found] = call("ListRetirableGrants", RetiringPrincipal=account.root)["Grants"]
    assert (found["GrantId"], found["RetiringPrincipal"]) == (made["GrantId"], account.root)


@operation
def put_key_policy(account, call):
    key = create(account)
    everything = {"Effect": "Allow", "Principal": {"AWS": account.root}, "Action": "kms:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:Encrypt", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything, deny]}
    assert call("PutKeyPolicy", KeyId=key, PolicyName="default", Policy=json.dumps(policy)) == {}
    found = account.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    assert json.loads(found) == policy
    with fails(account, "AccessDeniedException"):
        account.client("kms").encrypt(KeyId=key, Plaintext=b"text")
    with fails(account, "MalformedPolicyDocumentException"):
        account.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy="{}")


@operation
def re_encrypt(account, call):
    kms = account.client("kms")
    source, target = create(account), create(account)
    sealed = kms.encrypt(KeyId=source, Plaintext=b"text", EncryptionContext=CONTEXT)["CiphertextBlob"]
    moved = call(
        "ReEncrypt",
        CiphertextBlob=sealed,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=target,
        DestinationEncryptionContext={"to": "target"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (arn(account, source), arn(account, target))
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"to": "target"}, KeyId=target)
    assert opened["Plaintext"] == b"text"


@operation
def replicate_key(account, call):
    key = create(account, MultiRegion=True)
    assert key.startswith("mrk-")
    made = call("ReplicateKey", KeyId=key, ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]
    assert made["Arn"] == arn(account, key).replace(REGION, "eu-west-1")
    assert made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    there = make_client(account.server, account.key, "kms", region="eu-west-1")
    sealed = account.client("kms").encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=sealed, KeyId=key)["Plaintext"] == b"text"


@operation
def retire_grant(account, call):
    key = create(account)
    made = grant(account, key, RetiringPrincipal=account.root)
    assert call("RetireGrant", GrantToken=made["GrantToken"]) == {}
    assert grants(account, key) == []


@operation
def revoke_grant(account, call):
    key = create(account)
    made = grant(account, key)
    assert call("RevokeGrant", KeyId=key, GrantId=made["GrantId"]) == {}
    assert grants(account, key) == []


@operation
def rotate_key_on_demand(account, call):
    key = create(account)
    before = account.client("kms").encrypt(KeyId=key, Plaintext=b"before")["CiphertextBlob"]
    assert call("RotateKeyOnDemand", KeyId=key)["KeyId"] in (key, arn(account, key))
    after = account.client("kms").encrypt(KeyId=key, Plaintext=b"after")["CiphertextBlob"]
    assert account.client("kms").decrypt(CiphertextBlob=before)["Plaintext"] == b"before"
    assert account.client("kms").decrypt(CiphertextBlob=after)["Plaintext"] == b"after"


@operation
def schedule_key_deletion(account, call):
    key = create(account)
    answer = call("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"]) == (arn(account, key), "PendingDeletion")
    assert answer["PendingWindowInDays"] == 7
    with fails(account, "KMSInvalidStateException"):
        account.client("kms").encrypt(KeyId=key, Plaintext=b"text")


@operation
def sign(account, call):
    key = create(account, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    signed = call("Sign", KeyId=key, Message=b"text", SigningAlgorithm="ECDSA_SHA_256")
    assert signed["SigningAlgorithm"] == "ECDSA_SHA_256"
    public_key(account, key).verify(signed["Signature"], b"text", ec.ECDSA(hashes.SHA256()))
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"text")
    digest = digest.finalize()
    rsa_key = create(account, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    wanted = {"KeyId": rsa_key, "Message": digest, "MessageType": "DIGEST"}
    signature = call("Sign", SigningAlgorithm="RSASSA_PSS_SHA_256", **wanted)["Signature"]
    public_key(account, rsa_key).verify(signature, digest, PSS, utils.Prehashed(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public_key(account, rsa_key).verify(signature, b"other", PSS, hashes.SHA256())


@operation
def tag_resource(account, call):
    key = create(account, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    tags = [{"TagKey": "stage", "TagValue": "dev"}, {"TagKey": "team", "TagValue": "red"}]
    assert call("TagResource", KeyId=key, Tags=tags) == {}
    found = account.client("kms").list_resource_tags(KeyId=key)["Tags"]
    assert sorted(found, key=lambda tag: tag["TagKey"]) == tags


@operation
def untag_resource(account, call):
    tags = [{"TagKey": "stage", "TagValue": "dev"}, {"TagKey": "team", "TagValue": "red"}]
    key = create(account, Tags=tags)
    assert call("UntagResource", KeyId=key, TagKeys=["stage"]) == {}
    assert account.client("kms").list_resource_tags(KeyId=key)["Tags"] == tags[1:]


@operation
def update_alias(account, call):
    first, second, name = create(account), create(account), alias(account)
    account.client("kms").create_alias(AliasName=name, TargetKeyId=first)
    assert call("UpdateAlias", AliasName=name, TargetKeyId=second) == {}
    assert (aliases(account, first), aliases(account, second)) == ([], [name])


@operation
def update_key_description(account, call):
    key = create(account)
    assert call("UpdateKeyDescription", KeyId=key, Description="new") == {}
    assert metadata(account, key)["Description"] == "new"


@operation
def update_primary_region(account, call):
    key = create(account, MultiRegion=True)
    account.client("kms").replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    assert call("UpdatePrimaryRegion", KeyId=key, PrimaryRegion="eu-west-1") == {}
    there = make_client(account.server, account.key, "kms", region="eu-west-1")
    kinds = [
        client.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]
        for client in (account.client("kms"), there)
    ]
    assert kinds == ["REPLICA", "PRIMARY"]


@operation
def verify(account, call):
    key = create(account, KeySpec="ECC_NIST_P521", KeyUsage="SIGN_VERIFY")
    wanted = {"KeyId": key, "Message": b"text", "SigningAlgorithm": "ECDSA_SHA_512"}
    signature = account.client("kms").sign(**wanted)["Signature"]
    assert call("Verify", Signature=signature, **wanted)["SignatureValid"] is True
    with fails(account, "KMSInvalidSignatureException"):
        account.client("kms").verify(Signature=signature, **wanted | {"Message": b"other"})


@operation
def verify_mac(account, call):
    key = create(account, KeySpec="HMAC_512", KeyUsage="GENERATE_VERIFY_MAC")
    wanted = {"KeyId": key, "Message": b"text", "MacAlgorithm": "HMAC_SHA_512"}
    mac = account.client("kms").generate_mac(**wanted)["Mac"]
    assert call("VerifyMac", Mac=mac, **wanted)["MacValid"] is True
    with fails(account, "KMSInvalidMacException"):
        account.client("kms").verify_mac(Mac=bytes(64), **wanted)


test_operation = operation.tests()


def test_what_others_encrypt_for_an_rsa_key(account):
    key = create(account, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    public = public_key(account, key)
    assert isinstance(public, rsa.RSAPublicKey)
    opened = account.client("kms").decrypt(
        KeyId=key, CiphertextBlob=public.encrypt(b"text", OAEP), EncryptionAlgorithm="RSAES_OAEP_SHA_256"
    )
    assert opened["Plaintext"] == b"text"


def test_imported_material_computes_what_others_compute(account):
    kms = account.client("kms")
    key = create(account, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC", Origin="EXTERNAL")
    wanted = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    parameters = kms.get_parameters_for_import(**wanted)
    material = bytes(range(32))
    kms.import_key_material(
        KeyId=key,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=serialization.load_der_public_key(parameters["PublicKey"]).encrypt(material, OAEP),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    mac = hmac.HMAC(material, hashes.SHA256())
    mac.update(b"text")
    made = kms.generate_mac(KeyId=key, Message=b"text", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert made == mac.finalize()


def test_the_cli_with_files(account, tmp_path):
    """Plaintext and ciphertext as people hand them over."""
    key = create(account)
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(b"\x00text\xff")
    command = ["kms", "encrypt", "--key-id", key, "--plaintext", f"fileb://{plain}"]
    encoded = account.aws(*command, "--query", "CiphertextBlob", "--output", "text")
    sealed.write_bytes(base64.b64decode(encoded))
    command = ["kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed}"]
    encoded = account.aws(*command, "--query", "Plaintext", "--output", "text")
    assert base64.b64decode(encoded) == plain.read_bytes()


def test_a_key_is_gone_when_its_time_has_come(own):
    kms = own.client("kms")
    key = create(own)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    own.server.advance(7 * DAY_S - 60)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    own.server.advance(7 * DAY_S + 60)
    with fails(own, "NotFoundException"):
        kms.describe_key(KeyId=key)
    with pytest.raises(kms.exceptions.ClientError):
        kms.decrypt(CiphertextBlob=sealed)


def test_rotation_by_the_clock_keeps_older_ciphertexts_readable(own):
    kms = own.client("kms")
    key = create(own)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"before")["CiphertextBlob"]
    own.server.advance(91 * DAY_S)
    again = kms.encrypt(KeyId=key, Plaintext=b"after")["CiphertextBlob"]
    [rotation] = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert rotation["RotationType"] == "AUTOMATIC"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"before"
    assert kms.decrypt(CiphertextBlob=again)["Plaintext"] == b"after"


def test_keys_are_there_after_a_restart(new_server):
    before = Account(new_server().start(), "437064342167")
    key = create(before)
    sealed = before.client("kms").encrypt(KeyId=key, Plaintext=b"text", EncryptionContext=CONTEXT)["CiphertextBlob"]
    before.server.kill()
    after = Account(new_server(data=before.server.data).start(), "437064342167")
    assert after.client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext=CONTEXT)["Plaintext"] == b"text"
