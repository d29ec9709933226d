"""What `kubectl exec` and `port-forward` speak with a streaming server: RFC 6455, each message with its channel's number in front."""
import base64
import ctypes
import os
import socket
import struct
import threading
from urllib.parse import urlsplit

CLONE_NEWNET = 0x40000000


def connect_inside(pid, address):
    """A connection out of the network namespace of a process; the thread that went there ends there."""
    found = []

    def work():
        with open(f'/proc/{pid}/ns/net') as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) == 0:
                found.append(socket.create_connection(address, timeout=10))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if not found:
        raise ConnectionError(f'no connection to {address} in the network namespace of {pid}')
    return found[0]


class Channels:
    def __init__(self, pid, url, query=''):
        at = urlsplit(url)
        self.stream = connect_inside(pid, (at.hostname, at.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall(f'GET {at.path}?{query} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                            f'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nOrigin: http://{at.netloc}\r\n'
                            f'Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n'.encode())
        self.file = self.stream.makefile('rb')
        answer = self.file.readline()
        if b' 101 ' not in answer:
            raise ConnectionError(answer.decode())
        while self.file.readline() != b'\r\n':
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def send(self, channel, data):
        data, mask = bytes([channel]) + data, os.urandom(4)
        self.stream.sendall(struct.pack('>BB', 0x82, 0x80 | len(data)) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def message(self):
        """(channel, data), or None at the end."""
        head = self.file.read(2)
        if len(head) < 2 or head[0] & 0xf == 8:
            return None
        size = head[1] & 0x7f
        if size > 125:
            size = int.from_bytes(self.file.read(2 if size == 126 else 8), 'big')
        data = self.file.read(size)
        return (data[0], data[1:]) if data else self.message()

    def until(self, channel, text):
        """What has come by this channel when this was said, or at the end."""
        said = b''
        while text not in said and (message := self.message()) is not None:
            said += message[1] if message[0] == channel else b''
        return said

    def rest(self):
        """All that is still to come, by channel."""
        out = {}
        while (message := self.message()) is not None:
            out[message[0]] = out.get(message[0], b'') + message[1]
        return out
