# Runs in the container that image.sh starts: serves a simulated rig, asks for its pages, takes a picture.
# With buildah the network is the machine's own one, so nobody else is let in.
tetherlight serve --port 8731 --simulate --width 480 --height 320 </dev/null >/tmp/serve.log 2>&1 &
server=$!
python - <<'EOF' || { cat /tmp/serve.log; exit 1; }
import sys, time, urllib.error, urllib.request
start = time.monotonic()
while True:
    try:
        assert b"/_next/" in urllib.request.urlopen("http://127.0.0.1:8731/").read(), "It has no pages."
        break
    except urllib.error.HTTPError as error:
        sys.exit(f"It answers with status {error.code}.")
    except OSError:
        if time.monotonic() - start > 300:
            sys.exit("There is no answer.")
        time.sleep(0.1)
print(f"answered with its pages after {time.monotonic() - start:.1f} s")
EOF
tetherlight --server http://127.0.0.1:8731 capture </dev/null
ls /data/captures/*.jpg
kill -TERM "$server"
wait "$server"
