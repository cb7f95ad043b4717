# SPDX-License-Identifier: GPL-3.0-or-later
"""add_address.py DEV IPV4 LENGTH PROTOCOL: an address with the number of who made it (IFA_PROTO), which the ip(8) of Debian 12 cannot give."""
import socket
import struct
import sys

RTM_NEWADDR, IFA_ADDRESS, IFA_LOCAL, IFA_PROTO = 20, 1, 2, 11
FLAGS = 0x605       # request, acknowledge, create, exclusive


def main(dev, address, length, protocol):
    body = struct.pack("BBBBi", socket.AF_INET, int(length), 0, 0, socket.if_nametoindex(dev))
    for kind, value in ((IFA_LOCAL, socket.inet_aton(address)), (IFA_ADDRESS, socket.inet_aton(address)), (IFA_PROTO, bytes([int(protocol)]))):
        body += struct.pack("HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as s:
        s.send(struct.pack("IHHII", 16 + len(body), RTM_NEWADDR, FLAGS, 1, 0) + body)
        error, = struct.unpack_from("i", s.recv(4096), 16)
    return -error


sys.exit(main(*sys.argv[1:]))
