"""Names below `localhost` are this machine's (RFC 6761, section 6.3). Resolvers of some machines do not know that."""

import functools
import socket


def install():
    """Lets this process find them."""
    find = socket.getaddrinfo

    @functools.wraps(find)
    def found(host, *more, **options):
        name = host.decode() if isinstance(host, bytes) else host
        return find("127.0.0.1" if name and name.endswith(".localhost") else host, *more, **options)

    socket.getaddrinfo = found
