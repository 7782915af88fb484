# Runs in the container that image.sh starts: serves a simulated rig, asks for its pages, takes a picture.
export API_TOKEN=only-for-this TETHERLIGHT_TOKEN=only-for-this
tetherlight serve --host 0.0.0.0 --simulate --width 480 --height 320 </dev/null >/tmp/serve.log 2>&1 &
server=$!
python - <<'EOF' || { cat /tmp/serve.log; exit 1; }
import sys, time, urllib.request
start = time.monotonic()
while True:
    try:
        assert b"/_next/" in urllib.request.urlopen("http://127.0.0.1:8000/").read(), "It has no pages."
        break
    except OSError:
        if time.monotonic() - start > 300:
            sys.exit("There is no answer.")
        time.sleep(0.1)
print(f"answered with its pages after {time.monotonic() - start:.1f} s")
EOF
tetherlight --server http://127.0.0.1:8000 capture </dev/null
ls /data/captures/*.jpg
kill -TERM "$server"
wait "$server"
