"""A rates API in Python's standard library: GET /rates and GET /healthz, answers like those of ratesdev's own.

It shows what an API of your own must do (docs/API.md); it is no model of speed.
"""

import datetime
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg2

# Fewer prices than this make no average.
ENOUGH = 3

RATES = """
    with recursive
      orig(slug) as (select %(orig)s union select r.slug from regions r join orig on r.parent_slug = orig.slug),
      dest(slug) as (select %(dest)s union select r.slug from regions r join dest on r.parent_slug = dest.slug)
    select day, count(*), sum(price)
    from prices
    where day between %(first)s and %(last)s
      and orig_code in (select code from ports where code = %(orig)s or parent_slug in (select slug from orig))
      and dest_code in (select code from ports where code = %(dest)s or parent_slug in (select slug from dest))
    group by day
"""


def connect():
    """A connection to the database that the variables name; the password is in a file."""
    with open(os.environ["PASSWORD_FILE"], encoding="ascii") as file:
        password = file.read().strip()
    return psycopg2.connect(
        host=os.environ["PGHOST"],
        port=os.environ["PGPORT"],
        dbname=os.environ["PGDATABASE"],
        user=os.environ["PGUSER"],
        password=password,
        connect_timeout=3,
    )


def query(sql, parameters=None):
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()
    finally:
        connection.close()


def day_of(found, day):
    """One day of an answer: without a price for few prices, without a count for none. Prices have 15 digits."""
    count, total = found.get(day, (0, 0))
    price = float(f"{total / count:.15g}") if count >= ENOUGH else None
    return {"day": day.isoformat(), "count": count or None, "price": price}


def rates(question):
    """The days of the span, newest first; raises ValueError or KeyError where the question makes no sense."""
    first, last = (datetime.date.fromisoformat(question[name]) for name in ("date_from", "date_to"))
    if last < first:
        raise ValueError("date_to is before date_from")
    parameters = {"first": first, "last": last, "orig": question["orig_code"], "dest": question["dest_code"]}
    found = {day: (count, int(total)) for day, count, total in query(RATES, parameters)}
    days = ((last - datetime.timedelta(days=back)) for back in range((last - first).days + 1))
    return {"rates": [day_of(found, day) for day in days]}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    def do_GET(self):
        url = urlsplit(self.path)
        try:
            if url.path == "/healthz":
                query("select 1 from prices limit 1")
                self.answer(200, {"status": "ready"})
            elif url.path == "/rates":
                question = {name: values[-1] for name, values in parse_qs(url.query).items()}
                self.answer(200, rates(question))
            else:
                self.problem(404, "Not found", f"there is no {url.path}")
        except (KeyError, ValueError) as error:
            self.problem(400, "The question cannot be answered", str(error))
        except psycopg2.Error as error:
            self.problem(503, "The database does not answer", str(error).strip())

    def answer(self, status, document, kind="application/json"):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, title, detail):
        document = {"status": status, "title": title, "detail": detail}
        self.answer(status, document, "application/problem+json")

    def log_message(self, format, *args):
        print(self.address_string(), format % args, flush=True)


def main():
    server = ThreadingHTTPServer(("0.0.0.0", 5000), Handler)
    server.daemon_threads = False

    def stop(*_):
        # shutdown() waits for the loop that this very thread runs.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    print("listening on port 5000", flush=True)
    server.serve_forever()
    # What is in flight is finished here.
    server.server_close()
    print("stopped", flush=True)


if __name__ == "__main__":
    sys.exit(main())
