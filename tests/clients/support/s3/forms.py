"""Uploads by the forms of a browser."""

from support.http import send

BOUNDARY = "----form-of-a-browser"


def body(fields, file, name="file.txt"):
    """The form, whose file comes last."""
    text = ""
    for field, value in fields.items():
        text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
    text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    text += "Content-Type: text/plain\r\n\r\n"
    return text.encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()


def post(server, bucket, fields, file=b"text", **more):
    """Sends the form to a bucket."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return send(server, "POST", f"/{bucket}", headers | more, body(fields, file))
