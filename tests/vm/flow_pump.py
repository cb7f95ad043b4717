#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ends of a connection that a test watches, in a machine.

  serve ADDRESS PORT...          answers each TCP connection with what it sends, and writes "PORT PEER" for each to standard output
  pump ADDRESS PORT FILE         one connection, numbered blocks there and back, until it ends; FILE has "COUNT TIME" of the last answer that was right
  listen ADDRESS PORT            answers three datagrams, and reads no more of them
  greet ADDRESS PORT             so that a connection of UDP stands, from that port
  bulk ADDRESS PORT MEBIBYTES    sends so much and reads as much back; prints "SECONDS right|wrong"
"""
import hashlib
import os
import socket
import sys
import threading
import time


def serve(address, *ports):
    def echo(connection):
        while data := connection.recv(65536):
            connection.sendall(data)
        connection.close()

    def accept(port):
        listener = socket.create_server((address, port))
        print(f"ready {port}", flush=True)
        while True:
            connection, peer = listener.accept()
            print(port, peer[0], flush=True)
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    for port in ports[1:]:
        threading.Thread(target=accept, args=(int(port),), daemon=True).start()
    accept(int(ports[0]))


def pump(address, port, file):
    c = socket.create_connection((address, int(port)), 20)
    c.settimeout(None)
    number = 0
    while True:
        block = b"%07d\n" % number * 64
        c.sendall(block)
        answer = b""
        while len(answer) < len(block):
            part = c.recv(len(block) - len(answer))
            if not part:
                sys.exit("the other side has ended")
            answer += part
        if answer != block:
            sys.exit(f"block {number} came back as something else")
        number += 1
        with open(f"{file}.new", "w") as f:
            f.write(f"{number} {time.time():.3f}\n")
        os.rename(f"{file}.new", file)
        time.sleep(0.01)


def listen(address, port):
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.bind((address, int(port)))
    print(f"ready {port}", flush=True)
    for _ in range(3):
        s.sendto(*s.recvfrom(9))
    while True:
        time.sleep(100)


def greet(address, port):
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.bind(("", int(port)))
    s.settimeout(20)
    for _ in range(3):
        s.sendto(b"greetings", (address, int(port)))
        s.recv(9)


def bulk(address, port, mebibytes):
    data = os.urandom(1 << 20)
    want, have = hashlib.sha256(), hashlib.sha256()
    c = socket.create_connection((address, int(port)), 20)

    def send():
        for _ in range(int(mebibytes)):
            c.sendall(data)
        c.shutdown(socket.SHUT_WR)

    start = time.monotonic()
    sender = threading.Thread(target=send)
    sender.start()
    while part := c.recv(262144):
        have.update(part)
    seconds = time.monotonic() - start
    sender.join()
    for _ in range(int(mebibytes)):
        want.update(data)
    print(f"{seconds:.3f}", "right" if have.digest() == want.digest() else "wrong")


{"serve": serve, "pump": pump, "listen": listen, "greet": greet, "bulk": bulk}[sys.argv[1]](*sys.argv[2:])
