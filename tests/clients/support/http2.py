"""HTTP/2 on a plain connection, without an upgrade."""

import email.message
import socket

import h2.config
import h2.connection
import h2.events

from support.http import PATIENCE_S, Answer


class Http2:
    """One connection."""

    def __init__(self, server):
        self.peer = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.connection.initiate_connection()
        self._flush()

    def _flush(self):
        self.peer.sendall(self.connection.data_to_send())

    def send(self, authority, method, target, headers, body=b""):
        """Sends a request; gives its stream."""
        stream = self.connection.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":authority", authority), (":path", target)]
        plain = [(name.lower(), value) for name, value in headers.items() if name.lower() != "host"]
        self.connection.send_headers(stream, pseudo + plain, end_stream=not body)
        if body:
            self.connection.send_data(stream, body, end_stream=True)
        self._flush()
        return stream

    def answers(self, streams):
        """The answers of these streams, in their order."""
        found = {stream: Answer(0, email.message.Message(), b"") for stream in streams}
        open_streams = set(streams)
        while open_streams:
            data = self.peer.recv(65536)
            assert data, "the connection was closed"
            for event in self.connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    for name, value in event.headers:
                        if name == ":status":
                            found[event.stream_id].status = int(value)
                        else:
                            found[event.stream_id].headers[name] = value
                elif isinstance(event, h2.events.DataReceived):
                    found[event.stream_id].body += event.data
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                    open_streams.discard(event.stream_id)
            self._flush()
        return [found[stream] for stream in streams]

    def close(self):
        self.peer.close()
