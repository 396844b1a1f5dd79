"""Providers of identities: OpenID Connect and SAML."""

from support.aws import fails
from support.certificates import saml_metadata
from support.iam import arn, iam, operation

THUMBPRINT = "a" * 40
CLIENT = "sts.amazonaws.com"


def oidc(account, **more):
    url = f"https://{account.name('issuer')}.example.test/id"
    made = iam(account).create_open_id_connect_provider(
        Url=url, ClientIDList=[CLIENT], ThumbprintList=[THUMBPRINT], **more
    )
    return made["OpenIDConnectProviderArn"]


def saml(account, **more):
    name = account.name("saml")
    return iam(account).create_saml_provider(Name=name, SAMLMetadataDocument=saml_metadata(), **more)["SAMLProviderArn"]


@operation
def create_open_id_connect_provider(account, call):
    host = f"{account.name('issuer')}.example.test/id"
    wanted = {"Url": f"https://{host}", "ClientIDList": [CLIENT], "ThumbprintList": [THUMBPRINT]}
    made = call("CreateOpenIDConnectProvider", **wanted)["OpenIDConnectProviderArn"]
    assert made == arn(account, f"oidc-provider/{host}")
    with fails(account, "EntityAlreadyExists"):
        iam(account).create_open_id_connect_provider(**wanted)


@operation
def get_open_id_connect_provider(account, call):
    made = oidc(account)
    found = call("GetOpenIDConnectProvider", OpenIDConnectProviderArn=made)
    assert (found["ClientIDList"], found["ThumbprintList"]) == ([CLIENT], [THUMBPRINT])
    assert made.endswith(found["Url"])


@operation
def list_open_id_connect_providers(account, call):
    made = {oidc(account) for _ in range(2)}
    found = call("ListOpenIDConnectProviders")["OpenIDConnectProviderList"]
    assert {provider["Arn"] for provider in found} == made


@operation
def delete_open_id_connect_provider(account, call):
    made = oidc(account)
    assert call("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=made) == {}
    assert iam(account).list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


@operation
def update_open_id_connect_provider_thumbprint(account, call):
    made, new = oidc(account), ["b" * 40, "c" * 40]
    wanted = {"OpenIDConnectProviderArn": made, "ThumbprintList": new}
    assert call("UpdateOpenIDConnectProviderThumbprint", **wanted) == {}
    found = iam(account).get_open_id_connect_provider(OpenIDConnectProviderArn=made)
    assert found["ThumbprintList"] == new


@operation
def add_client_id_to_open_id_connect_provider(account, call):
    made = oidc(account)
    for _ in range(2):
        assert call("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=made, ClientID="app") == {}
    found = iam(account).get_open_id_connect_provider(OpenIDConnectProviderArn=made)
    assert sorted(found["ClientIDList"]) == ["app", CLIENT]


@operation
def remove_client_id_from_open_id_connect_provider(account, call):
    made = oidc(account)
    for _ in range(2):
        assert call("RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=made, ClientID=CLIENT) == {}
    found = iam(account).get_open_id_connect_provider(OpenIDConnectProviderArn=made)
    assert found["ClientIDList"] == []


@operation
def create_saml_provider(account, call):
    name = account.name("saml")
    made = call("CreateSAMLProvider", Name=name, SAMLMetadataDocument=saml_metadata())["SAMLProviderArn"]
    assert made == arn(account, f"saml-provider/{name}")
    with fails(account, "InvalidInput"):
        iam(account).create_saml_provider(Name=account.name("saml"), SAMLMetadataDocument="x" * 1000)


@operation
def get_saml_provider(account, call):
    document = saml_metadata()
    made = iam(account).create_saml_provider(Name=account.name("saml"), SAMLMetadataDocument=document)
    assert call("GetSAMLProvider", SAMLProviderArn=made["SAMLProviderArn"])["SAMLMetadataDocument"] == document


@operation
def list_saml_providers(account, call):
    made = {saml(account) for _ in range(2)}
    assert {provider["Arn"] for provider in call("ListSAMLProviders")["SAMLProviderList"]} == made


@operation
def update_saml_provider(account, call):
    made, new = saml(account), saml_metadata("https://other.example.test/saml")
    assert call("UpdateSAMLProvider", SAMLProviderArn=made, SAMLMetadataDocument=new)["SAMLProviderArn"] == made
    assert iam(account).get_saml_provider(SAMLProviderArn=made)["SAMLMetadataDocument"] == new


@operation
def delete_saml_provider(account, call):
    made = saml(account)
    assert call("DeleteSAMLProvider", SAMLProviderArn=made) == {}
    assert iam(account).list_saml_providers()["SAMLProviderList"] == []
