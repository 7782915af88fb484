// Lamps on an Arduino, for Tetherlight's lamp driver "serial".
//
// Everything goes off when nothing was heard for WATCHDOG_MS: a server that died, a cable that was pulled.
// Lines of text, each ended by '*', two hex digits (the exclusive or of all bytes before) and a newline:
//   ?            -> tetherlight-lamps 1 CHANNELS WATCHDOG_MS
//   s FIRST HEX  -> ok SUM     set channels from FIRST (1 is the first) to these bytes, two hex digits each
//   k            -> ok SUM     nothing, but I am there
//   0            -> ok SUM     all off
// SUM is the sum of all channels after that. What is not understood changes nothing and is answered by: err REASON

#include <string.h>
#include <stdlib.h>

// The pins of the channels. A pin with PWM dims; another one is on from half the signal.
const uint8_t PINS[] = {3, 5, 6, 9, 10, 11};
const uint8_t CHANNELS = sizeof(PINS);
const bool ACTIVE_LOW = false;
const unsigned long BAUD = 115200;
const unsigned long WATCHDOG_MS = 2000;

const size_t LONGEST = 32 + 2 * CHANNELS;
char line[LONGEST + 1];
size_t length = 0;
bool tooLong = false;
uint8_t values[CHANNELS];
unsigned long heard = 0;

void show(uint8_t channel) {
  uint8_t value = values[channel];
  // digitalWrite takes the timer off a pin, so that off and full are without any pulse.
  if (value == 0 || value == 255 || !digitalPinHasPWM(PINS[channel])) {
    digitalWrite(PINS[channel], (value >= 128) != ACTIVE_LOW ? HIGH : LOW);
  } else {
    analogWrite(PINS[channel], ACTIVE_LOW ? 255 - value : value);
  }
}

void dark() {
  for (uint8_t channel = 0; channel < CHANNELS; channel++) {
    values[channel] = 0;
    show(channel);
  }
}

int digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return -1;
}

void answer(const char *text) {
  uint8_t check = 0;
  for (const char *letter = text; *letter; letter++) check ^= *letter;
  Serial.print(text);
  Serial.print('*');
  if (check < 16) Serial.print('0');
  Serial.println(check, HEX);
}

void answerSum() {
  unsigned long sum = 0;
  for (uint8_t channel = 0; channel < CHANNELS; channel++) sum += values[channel];
  char text[16] = "ok ";
  ultoa(sum, text + 3, 10);
  answer(text);
}

void set(char *words) {
  char *hex;
  long first = strtol(words, &hex, 10);
  if (*hex == ' ') hex++;
  size_t digits = strlen(hex);
  if (first < 1 || digits == 0 || digits % 2 || first - 1 + digits / 2 > CHANNELS) return answer("err no such channels");
  for (size_t place = 0; place < digits; place++) {
    if (digit(hex[place]) < 0) return answer("err no hex");
  }
  for (size_t place = 0; place < digits / 2; place++) {
    values[first - 1 + place] = digit(hex[2 * place]) * 16 + digit(hex[2 * place + 1]);
    show(first - 1 + place);
  }
  answerSum();
}

void obey() {
  char *star = strrchr(line, '*');
  uint8_t check = 0;
  if (star == NULL) return answer("err no check");
  for (char *letter = line; letter < star; letter++) check ^= *letter;
  if (digit(star[1]) < 0 || digit(star[2]) < 0 || digit(star[1]) * 16 + digit(star[2]) != check) {
    return answer("err check");
  }
  *star = 0;
  heard = millis();
  if (strcmp(line, "?") == 0) {
    char text[48] = "tetherlight-lamps 1 ";
    utoa(CHANNELS, text + strlen(text), 10);
    strcat(text, " ");
    ultoa(WATCHDOG_MS, text + strlen(text), 10);
    return answer(text);
  }
  if (strcmp(line, "k") == 0) return answerSum();
  if (strcmp(line, "0") == 0) {
    dark();
    return answerSum();
  }
  if (strncmp(line, "s ", 2) == 0) return set(line + 2);
  answer("err no such word");
}

void setup() {
  for (uint8_t channel = 0; channel < CHANNELS; channel++) {
    digitalWrite(PINS[channel], ACTIVE_LOW ? HIGH : LOW);
    pinMode(PINS[channel], OUTPUT);
  }
  dark();
  Serial.begin(BAUD);
}

void loop() {
  if (millis() - heard > WATCHDOG_MS) {
    dark();
    heard = millis();
  }
  while (Serial.available()) {
    char letter = Serial.read();
    if (letter == '\n') {
      line[length] = 0;
      if (tooLong) {
        answer("err too long");
      } else if (length) {
        obey();
      }
      length = 0;
      tooLong = false;
    } else if (length == LONGEST) {
      tooLong = true;
    } else if (letter != '\r') {
      line[length++] = letter;
    }
  }
}
