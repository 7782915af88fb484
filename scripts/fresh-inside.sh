# Runs in the fresh Debian that fresh.sh makes: sh fresh-inside.sh commands|package

answers() { # SECONDS: wait until the server answers, and say how long that took
    python3 - "$1" <<'EOF'
import sys, time, urllib.request
start = time.monotonic()
while True:
    try:
        assert b"/_next/" in urllib.request.urlopen(f"http://127.0.0.1:{__import__('os').environ['PORT']}/").read()
        break
    except OSError:
        if time.monotonic() - start > float(sys.argv[1]):
            sys.exit("There is no answer.")
        time.sleep(0.05)
print(f"answered with its pages after {time.monotonic() - start:.1f} s")
EOF
}

as_maker() {
    setpriv --reuid=maker --regid=maker --init-groups env HOME=/home/maker "$@"
}

demo() { # SECONDS HOME: make demo until it answers
    setpriv --reuid=maker --regid=maker --init-groups env HOME="$2" \
        setsid make -C "$FOLDER" demo PORT="$PORT" >/tmp/demo.log 2>&1 &
    status=0
    answers "$1" || status=$?
    kill -TERM "-$!"
    wait || true
    [ "$status" = 0 ] || { cat /tmp/demo.log; exit 1; }
}

commands() {
    # Without a network it is one sentence, and the next try goes on.
    if unshare --net true 2>/dev/null; then
        said=$(unshare --net setpriv --reuid=maker --regid=maker --init-groups env HOME=/home/maker \
            make -C "$FOLDER" install 2>&1) && { echo "It installed without a network?"; exit 1; }
        echo "$said" | grep -q "Try again when this machine is on the network." || { echo "$said"; exit 1; }
        echo "without a network: one sentence"
    fi
    echo "make demo, the first time:"
    demo 1200 /home/maker
    echo "make demo, the second time:"
    demo 300 /home/maker
    mkdir -p /home/locked
    echo "make demo with a home that is read-only:"
    demo 300 /home/locked
}

package() {
    as_maker make -C "$FOLDER" deb >/tmp/deb.log 2>&1 || { tail -n 30 /tmp/deb.log; exit 1; }
    ls -l "$FOLDER"/dist/*.deb
    dpkg -i "$FOLDER"/dist/*.deb >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; exit 1; }
    install -d -o tetherlight -g tetherlight /var/lib/tetherlight
    cd /var/lib/tetherlight
    setpriv --reuid=tetherlight --regid=tetherlight --init-groups env HOME=/var/lib/tetherlight \
        tetherlight serve --simulate --width 480 --height 320 --port "$PORT" >/tmp/serve.log 2>&1 &
    status=0
    { answers 300 && tetherlight --server "http://127.0.0.1:$PORT" capture; } || status=$?
    kill -TERM $!
    wait || true
    [ "$status" = 0 ] || { cat /tmp/serve.log; exit 1; }
    dpkg -P tetherlight
    ls captures/*.jpg
    if [ -e /opt/tetherlight ] || [ -e /etc/default/tetherlight ]; then
        echo "The purge left something."
        exit 1
    fi
}

"$1"
