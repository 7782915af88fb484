// The sketch of deploy/arduino on this machine: enough of Arduino's words to run it on a pseudo-terminal.
// It writes each change of the pins to standard error, as "pin value".

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HIGH 1
#define LOW 0
#define OUTPUT 1
#define HEX 16

static int line_fd;
static int shown[64];

static void show_pin(int pin, int value) {
  if (shown[pin] != value) {
    shown[pin] = value;
    fprintf(stderr, "%d %d\n", pin, value);
    fflush(stderr);
  }
}

static unsigned long millis() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000UL + now.tv_nsec / 1000000;
}

static void pinMode(int, int) {}
static bool digitalPinHasPWM(int pin) { return pin == 3 || pin == 5 || pin == 6 || pin == 9 || pin == 10 || pin == 11; }
static void digitalWrite(int pin, int value) { show_pin(pin, value ? 255 : 0); }
static void analogWrite(int pin, int value) { show_pin(pin, value); }

static char *ultoa(unsigned long value, char *text, int) {
  sprintf(text, "%lu", value);
  return text;
}
static char *utoa(unsigned value, char *text, int base) { return ultoa(value, text, base); }

struct {
  void begin(unsigned long) {}
  bool available() {
    pollfd one = {line_fd, POLLIN, 0};
    return poll(&one, 1, 1) > 0 && (one.revents & POLLIN);
  }
  char read() {
    char letter = 0;
    if (::read(line_fd, &letter, 1) <= 0) exit(0);
    return letter;
  }
  void put(const char *text) {
    if (write(line_fd, text, strlen(text)) < 0) exit(0);
  }
  void print(const char *text) { put(text); }
  void print(char letter) {
    char text[2] = {letter, 0};
    put(text);
  }
  void println(unsigned value, int) {
    char text[16];
    sprintf(text, "%X\r\n", value);
    put(text);
  }
} Serial;

#include "../../deploy/arduino/tetherlight_lamps/tetherlight_lamps.ino"

int main(int, char **arguments) {
  line_fd = atoi(arguments[1]);
  setup();
  for (;;) loop();
}
