#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""answering_server.py DIRECTORY PORT|SOCKET

An HTTP server that answers what a test says. The answer to GET /a/b is DIRECTORY/a/b, read anew each time: the
status in its first line, `hang` for none at all, the rest is the body. What is not there is a 404 as a proxy
gives it.
"""
import http.server
import os
import socketserver
import sys
import time

DIRECTORY, PLACE = sys.argv[1:]


class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass

    def do_GET(self):
        try:
            with open(os.path.join(DIRECTORY, self.path.strip("/")), encoding="utf-8") as file:
                status, _, body = file.read().partition("\n")
        except OSError:
            status, body = "404", "404 page not found\n"
        if status == "hang":
            time.sleep(60)
            return
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(body.encode())


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if PLACE.isdigit():
    http.server.ThreadingHTTPServer(("127.0.0.1", int(PLACE)), Answer).serve_forever()
else:
    UnixServer(PLACE, Answer).serve_forever()
