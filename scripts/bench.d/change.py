"""How long a committed change takes to be seen through the API: one line of median, 99th percentile and most, in ms.

Usage: change.py API_PORT ROUNDS, with psql's variables naming the database.
"""

import http.client
import json
import subprocess
import sys
import time

QUESTION = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL"


def price(connection):
    connection.request("GET", QUESTION)
    return json.load(connection.getresponse())["rates"][0]["price"]


def commit(psql, value):
    psql.stdin.write(f"update prices set price = {value} where orig_code = 'CNGGZ' and dest_code = 'EETLL';\n")
    psql.stdin.write("\\echo done\n")
    psql.stdin.flush()
    assert psql.stdout.readline() == "done\n"


def round_trip(psql, connection, value):
    price(connection)
    commit(psql, value)
    committed = time.perf_counter()
    while price(connection) != value:
        if time.perf_counter() - committed > 30:
            sys.exit("the change was not seen within 30 seconds")
    return (time.perf_counter() - committed) * 1000


def main():
    port, rounds = int(sys.argv[1]), int(sys.argv[2])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1"], **pipes) as psql:
        times = sorted(round_trip(psql, connection, 5000 + number) for number in range(rounds))
        psql.stdin.close()
    print(f"{times[rounds // 2]:.2f} {times[rounds * 99 // 100]:.2f} {times[-1]:.2f}")


main()
