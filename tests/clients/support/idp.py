"""A SAML identity provider. It writes in canonical form from the start, so that what it signs is what it writes."""

import base64
import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

ENTITY = "https://idp.example.com/saml"
ENDPOINT = "https://signin.aws.amazon.com/saml"
OWN = "https://aws.amazon.com/SAML/Attributes"
SAML = "urn:oasis:names:tc:SAML:2.0"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def moment(seconds=0):
    """So many seconds from now."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def text(raw):
    return base64.b64encode(raw).decode()


class Idp:
    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
        now = datetime.datetime.now(datetime.timezone.utc)
        made = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        signed = made.sign(self.key, hashes.SHA256())
        self.certificate = text(signed.public_bytes(serialization.Encoding.DER))

    def metadata(self):
        return (
            f'<EntityDescriptor xmlns="{SAML}:metadata" entityID="{ENTITY}">'
            f'<IDPSSODescriptor protocolSupportEnumeration="{SAML}:protocol"><KeyDescriptor use="signing">'
            f'<KeyInfo xmlns="{DSIG}"><X509Data><X509Certificate>{self.certificate}</X509Certificate></X509Data></KeyInfo>'
            f'</KeyDescriptor><SingleSignOnService Binding="{SAML}:bindings:HTTP-POST"'
            ' Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>'
        )

    def assertion(self, role, provider, subject, audience, ends):
        attributes = "".join(
            f'<saml:Attribute Name="{OWN}/{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
            for name, value in [("Role", f"{role},{provider}"), ("RoleSessionName", "ann")]
        )
        return (
            f'<saml:Assertion xmlns:saml="{SAML}:assertion" ID="_a" IssueInstant="{moment()}" Version="2.0">'
            f"<saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject>"
            f'<saml:NameID Format="{SAML}:nameid-format:persistent">{subject}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{SAML}:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}"'
            f' Recipient="{ENDPOINT}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction>'
            f"<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
            f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
        )

    def signature(self, canonical):
        digest = text(hashlib.sha256(canonical.encode()).digest())
        inner = (
            f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
            '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>'
            f'<ds:Reference URI="#_a"><ds:Transforms><ds:Transform Algorithm="{DSIG}enveloped-signature"></ds:Transform>'
            f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
            '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
            f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        )
        # By itself it declares the prefix; within the signature that is done already.
        signed = f'<ds:SignedInfo xmlns:ds="{DSIG}">{inner}'.encode()
        value = text(self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        return (
            f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{inner}'
            f"<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
        )

    def response(
        self, role, provider, subject="ann@example.com", audience="urn:amazon:webservices", lasts=300, change=None
    ):
        """A response whose assertion is signed, in base 64; `change` is applied to it afterwards."""
        says = (role, provider, subject, audience, moment(lasts))
        canonical = self.assertion(*says)
        head, tail = canonical.split("</saml:Issuer>")
        assertion = f"{head}</saml:Issuer>{self.signature(canonical)}{tail}"
        response = (
            f'<samlp:Response xmlns:samlp="{SAML}:protocol" ID="_r" Version="2.0"><samlp:Status>'
            f'<samlp:StatusCode Value="{SAML}:status:Success"/></samlp:Status>{assertion}</samlp:Response>'
        )
        return text((change(response) if change else response).encode())
