-- expect: timeout | attacks: a sleep of hours
clock.sleep("1000h")
