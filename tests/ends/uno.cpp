// What is added to Arduino's own core for a Uno in QEMU: a clock that it has, and a place where the pins can be read.
//
// QEMU has neither Timer 0, from which the core takes its time, nor the ports. So millis() counts Timer 1 here, and what
// the sketch says to the pins is kept in memory as well.

#include <Arduino.h>

extern "C" {

volatile uint8_t pinsShow[NUM_DIGITAL_PINS];

// Called by the core before setup().
void initVariant() {
  TCCR1A = 0;
  TCCR1B = _BV(CS12) | _BV(CS10);  // one count is 1024 cycles of 16 MHz, 64 us
}

unsigned long __wrap_millis() {
  static uint16_t before = 0;
  static unsigned long micros = 0, millis = 0;
  uint16_t now = TCNT1;
  micros += (uint16_t)(now - before) * 64UL;
  before = now;
  millis += micros / 1000;
  micros %= 1000;
  return millis;
}

void __real_digitalWrite(uint8_t pin, uint8_t value);
void __wrap_digitalWrite(uint8_t pin, uint8_t value) {
  pinsShow[pin] = value ? 255 : 0;
  __real_digitalWrite(pin, value);
}

void __real_analogWrite(uint8_t pin, int value);
void __wrap_analogWrite(uint8_t pin, int value) {
  pinsShow[pin] = value;
  __real_analogWrite(pin, value);
}

}
