"""Access keys, passwords, MFA devices, SSH keys, certificates and passwords for single services."""

import datetime
import json

from support.aws import client_of, fails
from support.certificates import pair, ssh_public_key
from support.iam import arn, document, iam, operation, user
from support.totp import STEP_S, code

PASSWORD = "correct-Horse-7-battery"


@operation
def create_access_key(account, call):
    name = user(account)
    made = call("CreateAccessKey", UserName=name)["AccessKey"]
    assert (made["UserName"], made["Status"]) == (name, "Active")
    assert made["AccessKeyId"].startswith("AKIA")
    assert len(made["SecretAccessKey"]) == 40
    client = client_of(account.server, made, "sts")
    assert client.get_caller_identity()["Arn"] == arn(account, f"user/{name}")


@operation
def list_access_keys(account, call):
    name = user(account)
    ids = {iam(account).create_access_key(UserName=name)["AccessKey"]["AccessKeyId"] for _ in range(2)}
    found = call("ListAccessKeys", UserName=name)["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in found} == ids
    assert not any("SecretAccessKey" in key for key in found)
    with fails(account, "LimitExceeded"):
        iam(account).create_access_key(UserName=name)


@operation
def update_access_key(account, call):
    name = user(account)
    made = iam(account).create_access_key(UserName=name)["AccessKey"]
    assert call("UpdateAccessKey", UserName=name, AccessKeyId=made["AccessKeyId"], Status="Inactive") == {}
    [found] = iam(account).list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert found["Status"] == "Inactive"
    client = client_of(account.server, made, "sts")
    with fails(account, "InvalidClientTokenId"):
        client.get_caller_identity()


@operation
def delete_access_key(account, call):
    name = user(account)
    made = iam(account).create_access_key(UserName=name)["AccessKey"]
    assert call("DeleteAccessKey", UserName=name, AccessKeyId=made["AccessKeyId"]) == {}
    assert iam(account).list_access_keys(UserName=name)["AccessKeyMetadata"] == []
    client = client_of(account.server, made, "sts")
    with fails(account, "InvalidClientTokenId"):
        client.get_caller_identity()


@operation
def get_access_key_last_used(account, call):
    name = user(account)
    made = iam(account).create_access_key(UserName=name)["AccessKey"]
    found = call("GetAccessKeyLastUsed", AccessKeyId=made["AccessKeyId"])
    assert found["UserName"] == name
    assert (found["AccessKeyLastUsed"]["ServiceName"], found["AccessKeyLastUsed"]["Region"]) == ("N/A", "N/A")


@operation
def create_login_profile(account, call):
    name = user(account)
    made = call("CreateLoginProfile", UserName=name, Password=PASSWORD, PasswordResetRequired=True)["LoginProfile"]
    assert (made["UserName"], made["PasswordResetRequired"]) == (name, True)
    assert "Password" not in made
    with fails(account, "EntityAlreadyExists"):
        iam(account).create_login_profile(UserName=name, Password=PASSWORD)


@operation
def get_login_profile(account, call):
    name = user(account)
    with fails(account, "NoSuchEntity"):
        iam(account).get_login_profile(UserName=name)
    iam(account).create_login_profile(UserName=name, Password=PASSWORD)
    assert call("GetLoginProfile", UserName=name)["LoginProfile"]["UserName"] == name


@operation
def update_login_profile(account, call):
    name = user(account)
    iam(account).create_login_profile(UserName=name, Password=PASSWORD)
    assert call("UpdateLoginProfile", UserName=name, PasswordResetRequired=True) == {}
    assert iam(account).get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is True
    with fails(account, "PasswordPolicyViolation"):
        iam(account).update_login_profile(UserName=name, Password="short")


@operation
def delete_login_profile(account, call):
    name = user(account)
    iam(account).create_login_profile(UserName=name, Password=PASSWORD)
    assert call("DeleteLoginProfile", UserName=name) == {}
    with fails(account, "NoSuchEntity"):
        iam(account).get_login_profile(UserName=name)


@operation
def change_password(account, call):
    name = user(account)
    iam(account).create_login_profile(UserName=name, Password=PASSWORD)
    allowed = json.dumps(document(action="iam:ChangePassword"))
    iam(account).put_user_policy(UserName=name, PolicyName="own", PolicyDocument=allowed)
    made = iam(account).create_access_key(UserName=name)["AccessKey"]
    own = client_of(account.server, made, "iam")
    call = call.by(made)
    with fails(account, "InvalidUserType"):
        iam(account).change_password(OldPassword=PASSWORD, NewPassword=PASSWORD + "2")
    assert call("ChangePassword", OldPassword=PASSWORD, NewPassword=PASSWORD + "2") == {}
    with fails(account, "AccessDenied"):
        own.change_password(OldPassword=PASSWORD, NewPassword=PASSWORD + "3")
    assert call("ChangePassword", OldPassword=PASSWORD + "2", NewPassword=PASSWORD + "3") == {}


def device(account):
    """Makes an MFA device; gives its serial number and seed."""
    made = iam(account).create_virtual_mfa_device(VirtualMFADeviceName=account.name("phone"))["VirtualMFADevice"]
    return made["SerialNumber"], made["Base32StringSeed"]


def step(account):
    """The time step that it is by the server's clock."""
    now = datetime.datetime.fromisoformat(account.server.get("/_cloudlet/clock")["now"])
    return int(now.timestamp()) // STEP_S


def codes(seed, last):
    """The codes of two steps."""
    return {"AuthenticationCode1": code(seed, last - 1), "AuthenticationCode2": code(seed, last)}


def enabled(account):
    """A device in use; gives user, serial number, seed, and the time step of the last code that was used."""
    name, (serial, seed), last = user(account), device(account), step(account)
    iam(account).enable_mfa_device(UserName=name, SerialNumber=serial, **codes(seed, last))
    return name, serial, seed, last


@operation
def create_virtual_mfa_device(account, call):
    name = account.name("phone")
    made = call("CreateVirtualMFADevice", VirtualMFADeviceName=name)["VirtualMFADevice"]
    assert made["SerialNumber"] == arn(account, f"mfa/{name}")
    assert len(made["Base32StringSeed"]) == 64
    [found] = iam(account).list_virtual_mfa_devices()["VirtualMFADevices"]
    assert found["SerialNumber"] == made["SerialNumber"]


@operation
def list_virtual_mfa_devices(account, call):
    idle, _ = device(account)
    name, serial, _, _ = enabled(account)
    found = call("ListVirtualMFADevices")["VirtualMFADevices"]
    assert {d["SerialNumber"]: d.get("User", {}).get("UserName") for d in found} == {idle: None, serial: name}
    assert not any("Base32StringSeed" in d for d in found)
    [assigned] = call("ListVirtualMFADevices", AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert assigned["SerialNumber"] == serial


@operation
def delete_virtual_mfa_device(account, call):
    serial, _ = device(account)
    assert call("DeleteVirtualMFADevice", SerialNumber=serial) == {}
    assert iam(account).list_virtual_mfa_devices()["VirtualMFADevices"] == []
    _, busy, _, _ = enabled(account)
    with fails(account, "DeleteConflict"):
        iam(account).delete_virtual_mfa_device(SerialNumber=busy)


@operation
def enable_mfa_device(account, call):
    name, (serial, seed), last = user(account), device(account), step(account)
    wrong = {"AuthenticationCode1": code(seed, last), "AuthenticationCode2": code(seed, last)}
    with fails(account, "InvalidAuthenticationCode"):
        iam(account).enable_mfa_device(UserName=name, SerialNumber=serial, **wrong)
    assert call("EnableMFADevice", UserName=name, SerialNumber=serial, **codes(seed, last)) == {}
    [found] = iam(account).list_mfa_devices(UserName=name)["MFADevices"]
    assert (found["UserName"], found["SerialNumber"]) == (name, serial)


@operation
def list_mfa_devices(account, call):
    name, serial, _, _ = enabled(account)
    assert [d["SerialNumber"] for d in call("ListMFADevices", UserName=name)["MFADevices"]] == [serial]
    assert call("ListMFADevices", UserName=user(account))["MFADevices"] == []


@operation
def get_mfa_device(account, call):
    name, serial, _, _ = enabled(account)
    found = call("GetMFADevice", SerialNumber=serial, UserName=name)
    assert (found["UserName"], found["SerialNumber"]) == (name, serial)
    assert found["EnableDate"]


@operation
def resync_mfa_device(account, call):
    name, serial, seed, last = enabled(account)
    assert call("ResyncMFADevice", UserName=name, SerialNumber=serial, **codes(seed, last + 2)) == {}
    # A code works once, and so does a pair.
    with fails(account, "InvalidAuthenticationCode"):
        iam(account).resync_mfa_device(UserName=name, SerialNumber=serial, **codes(seed, last + 2))


@operation
def deactivate_mfa_device(account, call):
    name, serial, _, _ = enabled(account)
    assert call("DeactivateMFADevice", UserName=name, SerialNumber=serial) == {}
    assert iam(account).list_mfa_devices(UserName=name)["MFADevices"] == []
    [left] = iam(account).list_virtual_mfa_devices()["VirtualMFADevices"]
    assert left["SerialNumber"] == serial


def ssh_key(account):
    name = user(account)
    made = iam(account).upload_ssh_public_key(UserName=name, SSHPublicKeyBody=ssh_public_key())["SSHPublicKey"]
    return {"UserName": name, "SSHPublicKeyId": made["SSHPublicKeyId"]}


def ssh_keys(account, name):
    return iam(account).list_ssh_public_keys(UserName=name)["SSHPublicKeys"]


@operation
def upload_ssh_public_key(account, call):
    name, body = user(account), ssh_public_key()
    made = call("UploadSSHPublicKey", UserName=name, SSHPublicKeyBody=body)["SSHPublicKey"]
    assert (made["UserName"], made["SSHPublicKeyBody"], made["Status"]) == (name, body, "Active")
    assert made["SSHPublicKeyId"].startswith("APKA")
    assert len(made["Fingerprint"]) == 47
    with fails(account, "DuplicateSSHPublicKey"):
        iam(account).upload_ssh_public_key(UserName=name, SSHPublicKeyBody=body)
    with fails(account, "InvalidPublicKey"):
        iam(account).upload_ssh_public_key(UserName=name, SSHPublicKeyBody="ssh-rsa nonsense")


@operation
def get_ssh_public_key(account, call):
    found = ssh_key(account)
    assert call("GetSSHPublicKey", **found, Encoding="SSH")["SSHPublicKey"]["SSHPublicKeyBody"].startswith("ssh-rsa ")
    pem = call("GetSSHPublicKey", **found, Encoding="PEM")["SSHPublicKey"]["SSHPublicKeyBody"]
    assert pem.startswith("-----BEGIN ")


@operation
def list_ssh_public_keys(account, call):
    made = ssh_key(account)
    [found] = call("ListSSHPublicKeys", UserName=made["UserName"])["SSHPublicKeys"]
    assert (found["SSHPublicKeyId"], found["Status"]) == (made["SSHPublicKeyId"], "Active")


@operation
def update_ssh_public_key(account, call):
    made = ssh_key(account)
    assert call("UpdateSSHPublicKey", **made, Status="Inactive") == {}
    assert ssh_keys(account, made["UserName"])[0]["Status"] == "Inactive"


@operation
def delete_ssh_public_key(account, call):
    made = ssh_key(account)
    assert call("DeleteSSHPublicKey", **made) == {}
    assert ssh_keys(account, made["UserName"]) == []


def signing_certificate(account):
    name = user(account)
    made = iam(account).upload_signing_certificate(UserName=name, CertificateBody=pair()[0])["Certificate"]
    return {"UserName": name, "CertificateId": made["CertificateId"]}


def signing_certificates(account, name):
    return iam(account).list_signing_certificates(UserName=name)["Certificates"]


@operation
def upload_signing_certificate(account, call):
    name, body = user(account), pair()[0]
    made = call("UploadSigningCertificate", UserName=name, CertificateBody=body)["Certificate"]
    assert (made["UserName"], made["Status"]) == (name, "Active")
    assert made["CertificateBody"].split() == body.split()
    with fails(account, "MalformedCertificate"):
        iam(account).upload_signing_certificate(UserName=name, CertificateBody="no certificate")


@operation
def list_signing_certificates(account, call):
    made = signing_certificate(account)
    [found] = call("ListSigningCertificates", UserName=made["UserName"])["Certificates"]
    assert found["CertificateId"] == made["CertificateId"]


@operation
def update_signing_certificate(account, call):
    made = signing_certificate(account)
    assert call("UpdateSigningCertificate", **made, Status="Inactive") == {}
    assert signing_certificates(account, made["UserName"])[0]["Status"] == "Inactive"


@operation
def delete_signing_certificate(account, call):
    made = signing_certificate(account)
    assert call("DeleteSigningCertificate", **made) == {}
    assert signing_certificates(account, made["UserName"]) == []


SERVICE = "codecommit.amazonaws.com"


def service_credential(account):
    name = user(account)
    made = iam(account).create_service_specific_credential(UserName=name, ServiceName=SERVICE)
    made = made["ServiceSpecificCredential"]
    return {"UserName": name, "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}, made


def service_credentials(account, name):
    return iam(account).list_service_specific_credentials(UserName=name)["ServiceSpecificCredentials"]


@operation
def create_service_specific_credential(account, call):
    name = user(account)
    made = call("CreateServiceSpecificCredential", UserName=name, ServiceName=SERVICE)["ServiceSpecificCredential"]
    assert (made["UserName"], made["ServiceName"], made["Status"]) == (name, SERVICE, "Active")
    assert made["ServiceUserName"].endswith(f"-at-{account.key}")
    assert made["ServicePassword"]


@operation
def list_service_specific_credentials(account, call):
    wanted, _ = service_credential(account)
    found = call("ListServiceSpecificCredentials", UserName=wanted["UserName"])["ServiceSpecificCredentials"]
    assert [c["ServiceSpecificCredentialId"] for c in found] == [wanted["ServiceSpecificCredentialId"]]
    assert "ServicePassword" not in found[0]


@operation
def reset_service_specific_credential(account, call):
    wanted, made = service_credential(account)
    reset = call("ResetServiceSpecificCredential", **wanted)["ServiceSpecificCredential"]
    assert reset["ServiceUserName"] == made["ServiceUserName"]
    assert reset["ServicePassword"] != made["ServicePassword"]


@operation
def update_service_specific_credential(account, call):
    wanted, _ = service_credential(account)
    assert call("UpdateServiceSpecificCredential", **wanted, Status="Inactive") == {}
    assert service_credentials(account, wanted["UserName"])[0]["Status"] == "Inactive"


@operation
def delete_service_specific_credential(account, call):
    wanted, _ = service_credential(account)
    assert call("DeleteServiceSpecificCredential", **wanted) == {}
    assert service_credentials(account, wanted["UserName"]) == []


def server_certificate(account):
    name, (body, private) = account.name("certificate"), pair()
    wanted = {"ServerCertificateName": name, "CertificateBody": body, "PrivateKey": private}
    iam(account).upload_server_certificate(**wanted)
    return name


@operation
def upload_server_certificate(account, call):
    name, (body, private) = account.name("certificate"), pair()
    wanted = {"ServerCertificateName": name, "CertificateBody": body}
    made = call("UploadServerCertificate", **wanted, PrivateKey=private)["ServerCertificateMetadata"]
    assert made["Arn"] == arn(account, f"server-certificate/{name}")
    with fails(account, "KeyPairMismatch"):
        other = wanted | {"ServerCertificateName": account.name("certificate")}
        iam(account).upload_server_certificate(**other, PrivateKey=pair()[1])


@operation
def get_server_certificate(account, call):
    name = server_certificate(account)
    found = call("GetServerCertificate", ServerCertificateName=name)["ServerCertificate"]
    assert found["ServerCertificateMetadata"]["ServerCertificateName"] == name
    assert found["CertificateBody"].startswith("-----BEGIN CERTIFICATE-----")
    assert "PrivateKey" not in found


@operation
def list_server_certificates(account, call):
    names = {server_certificate(account) for _ in range(2)}
    found = call("ListServerCertificates")["ServerCertificateMetadataList"]
    assert {c["ServerCertificateName"] for c in found} == names


@operation
def update_server_certificate(account, call):
    name, new = server_certificate(account), account.name("certificate")
    assert call("UpdateServerCertificate", ServerCertificateName=name, NewServerCertificateName=new) == {}
    [found] = iam(account).list_server_certificates()["ServerCertificateMetadataList"]
    assert found["ServerCertificateName"] == new


@operation
def delete_server_certificate(account, call):
    name = server_certificate(account)
    assert call("DeleteServerCertificate", ServerCertificateName=name) == {}
    assert iam(account).list_server_certificates()["ServerCertificateMetadataList"] == []
