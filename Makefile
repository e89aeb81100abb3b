# make            build/ocsp-cgi and build/ocspctl
# make help       everything else
# Honoured: CC CPPFLAGS CFLAGS LDFLAGS LDLIBS PREFIX DESTDIR; BUILD=folder, SIGN=lowlevel|evp, DYNAMIC=1, WERROR=1

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
BUILD   ?= build
SIGN    ?= lowlevel

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wvla -Wundef -Wformat=2 $(if $(WERROR),-Werror)
COMPILE  = $(CC) -std=c11 -D_GNU_SOURCE -Ilib $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c

# lib/ is what ocsp-cgi links, lib/ctl/ what only ocspctl links; of the two signers one is built.
OTHER_SIGN  = $(if $(filter evp,$(SIGN)),lowlevel,evp)
LIB_SOURCES = $(filter-out lib/sign_$(OTHER_SIGN).c,$(wildcard lib/*.c))
CTL_SOURCES = $(wildcard lib/ctl/*.c)
LIB_OBJECTS = $(LIB_SOURCES:%.c=$(BUILD)/%.o)
CTL_OBJECTS = $(CTL_SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS  = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

all: $(BUILD)/ocsp-cgi $(BUILD)/ocspctl

$(BUILD)/ocsp-cgi: $(BUILD)/ocsp-cgi.o $(BUILD)/libocsp.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(if $(DYNAMIC),,-static) -o $@ $^ -lcrypto $(LDLIBS)

$(BUILD)/ocspctl: $(BUILD)/ocspctl.o $(BUILD)/libctl.a $(BUILD)/libocsp.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lyaml -lcrypto $(LDLIBS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libctl.a $(BUILD)/libocsp.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lyaml -lcrypto $(LDLIBS)

$(BUILD)/libocsp.a: $(LIB_OBJECTS)
$(BUILD)/libctl.a: $(CTL_OBJECTS)
$(BUILD)/lib%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

-include $(LIB_OBJECTS:.o=.d) $(CTL_OBJECTS:.o=.d) $(BUILD)/ocsp-cgi.d $(BUILD)/ocspctl.d $(wildcard $(BUILD)/tests/unit/*.d)

.PHONY: all
.SECONDARY:
