# make            build/ocsp-cgi and build/ocspctl
# make help       everything else
# Honoured: CC AR CPPFLAGS CFLAGS LDFLAGS LDLIBS PREFIX DESTDIR, and the switches that `make help` lists.

VERSION  = 0.1.0
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
SIGN    ?= lowlevel
BUILD   ?= build$(if $(SANITIZE),/asan)$(if $(filter evp,$(SIGN)),/evp)
ifeq ($(filter lowlevel evp,$(SIGN)),)
$(error SIGN=$(SIGN): it is lowlevel or evp)
endif

# As many jobs as processors, unless -j says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
endif

# TLS to Redis needs no more than libssl; unasked, it is there where hiredis has TLS, too. REDIS_TLS=1: anywhere, =0: nowhere.
REDIS_TLS ?= $(shell printf '\043include <hiredis/hiredis_ssl.h>\n' | $(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo 1)
WITH_TLS  := $(filter-out 0,$(REDIS_TLS))

# ---- what there is ----

# lib/ is what ocsp-cgi links, lib/ctl/ what only ocspctl links; of the two signers one is built, and so it is with TLS to Redis:
# libssl's, or its refusal. Sorted: some makes give the files as the folder or the language has them.
OTHER_SIGN  = $(if $(filter evp,$(SIGN)),lowlevel,evp)
OTHER_TLS   = $(if $(WITH_TLS),plain,tls)
LIB_SOURCES = $(filter-out lib/sign_$(OTHER_SIGN)%.c lib/status_redis_$(OTHER_TLS)%.c,$(sort $(wildcard lib/*.c)))
CTL_SOURCES = $(sort $(wildcard lib/ctl/*.c lib/ctl/*/*.c))
LIB_OBJECTS = $(LIB_SOURCES:%.c=$(BUILD)/%.o)
CTL_OBJECTS = $(CTL_SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS  = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

all: $(BUILD)/ocsp-cgi $(BUILD)/ocspctl

# ---- how it is compiled ----

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wvla -Wundef -Wformat=2 -Werror=date-time $(if $(WERROR),-Werror)
HARDEN   = -fPIE -fstack-protector-strong -fstack-clash-protection \
           $(if $(SANITIZE)$(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANITIZERS = $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
# The filter of system calls would kill what sanitizers and valgrind do: switched off here, and nowhere else. A dynamic program
# has glibc's heap instead of the arena.
SANDBOX  = $(if $(SANITIZE)$(NO_SANDBOX),-DNO_SANDBOX) $(if $(DYNAMIC),-DSANDBOX_HEAP)
# The same sources give the same octets in whatever folder they are built; and whenever: -Werror=date-time, above, takes neither
# __DATE__ nor __TIME__ nor __TIMESTAMP__.
REPRODUCE = '-ffile-prefix-map=$(CURDIR)=.'
COMPILE  = $(CC) -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib $(WARNINGS) $(HARDEN) $(REPRODUCE) \
           -ffunction-sections -fdata-sections $(SANITIZERS) $(SANDBOX) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c

LINK     = $(CC) $(CFLAGS) $(SANITIZERS) -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)

# A process per request: neither the dynamic loader nor PIE's relocations of libcrypto are paid for each time. What else a
# static ocsp-cgi saves is in lib/startup/, a file each: heap.c (malloc), start.c (the entry point), order.txt (which functions
# lie side by side; where there is no lld, they lie as they come). environment.c is for all kinds.
KIND     = $(if $(SANITIZE),sanitized,$(if $(DYNAMIC),dynamic,$(if $(PIE),pie,static)))
KIND_static    = -static $(ORDER_$(HAS_LLD)) $(ENTRY_$(START_KNOWN))
KIND_pie       = -static-pie $(ORDER_$(HAS_LLD))
KIND_dynamic   = -pie
KIND_sanitized = -pie
LINK_CGI = $(LINK) $(KIND_$(KIND))

ORDER_yes   = -fuse-ld=lld -Wl,--symbol-ordering-file=lib/startup/order.txt,--no-warn-symbol-ordering
HAS_LLD := $(shell echo 'int main(void) { return 0; }' | $(CC) -fuse-ld=lld -o /dev/null -x c - 2>/dev/null && echo yes)
ENTRY_known = -Wl,-e,start
# start.c leans on the inside of glibc: only where it was tried. START=libc: as all programs start.
KNOWN    = defined __x86_64__ && defined __GLIBC__ && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36
START_KNOWN := $(if $(filter libc,$(START)),,$(shell printf '\043include <limits.h>\n\043if $(KNOWN)\nknown\n\043endif\n' | \
                $(CC) $(CPPFLAGS) -E -P - 2>/dev/null | grep -x known))
STARTUP_static = $(BUILD)/lib/startup/environment.o $(BUILD)/lib/startup/heap.o $(STARTUP_TLS) $(if $(START_KNOWN),$(BUILD)/lib/startup/start.o)
STARTUP_pie    = $(BUILD)/lib/startup/environment.o $(BUILD)/lib/startup/heap.o $(STARTUP_TLS)
STARTUP_dynamic = $(BUILD)/lib/startup/environment.o
STARTUP_TLS    = $(if $(WITH_TLS),$(BUILD)/lib/startup/clock.o)
STARTUP        = $(STARTUP_$(KIND))

SSL      = $(if $(WITH_TLS),-lssl)

# A static libcrypto makes GNU's ld warn of name look-ups and plug-ins, which nothing here calls.
COMMA = ,
# The linker lists what it takes, for the SBOM: twice -t, and GNU's ld names the members of archives, as lld does.
TRACE = -Wl,-t,-t
NO_LD_WARNINGS = $(if $(HAS_LLD),,$(shell $(CC) -Wl,--help 2>/dev/null | grep -q -e ' --no-warnings' && echo -Wl$(COMMA)--no-warnings))

# The second one is what PIE=1 gives, linked of the same objects for `hardening`: private, or these would be made for it anew.
$(BUILD)/ocsp-cgi: $(BUILD)/ocsp-cgi.o $(STARTUP) $(BUILD)/libocsp.a lib/startup/order.txt
$(BUILD)/pie/ocsp-cgi: private KIND = pie
$(BUILD)/pie/ocsp-cgi: $(BUILD)/ocsp-cgi.o $(STARTUP_pie) $(BUILD)/libocsp.a lib/startup/order.txt
$(BUILD)/ocsp-cgi $(BUILD)/pie/ocsp-cgi:
	@mkdir -p $(@D)
	$(LINK_CGI) $(TRACE) $(if $(DYNAMIC)$(SANITIZE),,$(NO_LD_WARNINGS)) -o $@ $(filter-out %.txt,$^) -lhiredis $(SSL) -lcrypto $(LDLIBS) > $@.linked

# There is no canary before the entry point has set it.
$(BUILD)/lib/startup/start.o: private HARDEN += -fno-stack-protector

$(BUILD)/ocspctl: $(BUILD)/ocspctl.o $(BUILD)/libctl.a $(BUILD)/libocsp.a
	$(LINK) -pie $(TRACE) -o $@ $^ -lcurl -lyaml -lhiredis $(SSL) -lcrypto $(LDLIBS) > $@.linked

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libctl.a $(BUILD)/libocsp.a
	$(LINK) -pie -o $@ $^ -lcmocka -lcurl -lyaml -lhiredis $(SSL) -lcrypto $(LDLIBS)

PIE_TOO = $(if $(filter static,$(KIND)),$(BUILD)/pie/ocsp-cgi)

# A fuzz target: with replay.c, which hands it files (FUZZ_DRIVER), or with a fuzzer (then LDFLAGS bring it).
FUZZ_TARGETS = $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_DRIVER  = $(BUILD)/tests/fuzz/replay.o
$(BUILD)/fuzz/cgi: FUZZ_WRAP = $(addprefix -Wl$(COMMA)--wrap=,read write poll snapshot_map sandbox_enter cgi_decode request_decode)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_DRIVER) $(BUILD)/libctl.a $(BUILD)/libocsp.a
	@mkdir -p $(@D)
	$(LINK) -pie $(FUZZ_WRAP) -o $@ $^ -lcurl -lyaml -lhiredis $(SSL) -lcrypto $(LDLIBS)

# For memcheck, which sees the blocks of glibc's heap and not those of the arena.
$(BUILD)/dynamic/ocsp-cgi: $(BUILD)/ocsp-cgi.o $(BUILD)/libocsp.a
	@mkdir -p $(@D)
	$(LINK) -pie -o $@ $^ -lhiredis $(SSL) -lcrypto $(LDLIBS)

# ocsp-cgi in surroundings that can be made to fail.
$(BUILD)/faults/ocsp-cgi: $(BUILD)/ocsp-cgi.o $(BUILD)/tests/faults/program.o $(STARTUP) $(BUILD)/libocsp.a
	@mkdir -p $(@D)
	$(LINK_CGI) $(addprefix -Wl$(COMMA)--wrap=,process_start arena_take arena_take_aligned arena_resize sandbox_enter) \
		$(if $(DYNAMIC)$(SANITIZE),,$(NO_LD_WARNINGS)) -o $@ $^ -lhiredis $(SSL) -lcrypto $(LDLIBS)

$(BUILD)/libocsp.a: $(LIB_OBJECTS)
$(BUILD)/libctl.a: $(CTL_OBJECTS)
$(BUILD)/lib%.a:
	rm -f $@
	$(AR) rcsD $@ $^

$(BUILD)/%.o: %.c $(BUILD)/flags $(BUILD)/headers
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

# Other flags than the last time: everything is compiled anew.
FLAGS = $(COMPILE) $(LINK_CGI) $(SSL)
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS))' > $@

# Until the libraries have been found once: one line instead of a compiler's screenful. Nothing is installed here.
HEADERS = openssl/evp.h yaml.h hiredis/hiredis.h curl/curl.h
$(BUILD)/headers:
	@mkdir -p $(@D)
	@for header in $(HEADERS); do \
		echo "#include <$$header>" | $(CC) $(CPPFLAGS) $(CFLAGS) -E -x c - >/dev/null 2>&1 || missing="$$missing $$header"; \
	done; \
	[ -z "$$missing" ] || { echo "missing:$$missing; 'make deps' installs or names the packages of everything," \
		"'tests/deps.sh build' of this alone" >&2; exit 1; }
	@touch $@

-include $(LIB_OBJECTS:.o=.d) $(CTL_OBJECTS:.o=.d) $(STARTUP:.o=.d) $(BUILD)/ocsp-cgi.d $(BUILD)/ocspctl.d $(wildcard $(BUILD)/tests/*/*.d)

# ---- what a user types ----

help:
	@echo 'make                 $(BUILD)/ocsp-cgi and $(BUILD)/ocspctl'
	@echo 'make demo            a throw-away CA, its snapshot, real requests answered and verified'
	@echo 'make check           unit and end-to-end tests, with both signers'
	@echo 'make check-asan      the same under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make lint            dependency direction, warnings of gcc and clang, clang-tidy, format'
	@echo 'make bench           what a request costs, beside an empty program, openssl and a plain CGI'
	@echo 'make bench-gate      fails where a request costs more instructions, page faults or system calls than it did'
	@echo 'make fuzz TIME=60    libFuzzer (FUZZER=afl: AFL++) on everything that reads what others wrote, for so many seconds'
	@echo 'make faults          every system call and allocation made to fail in turn, files damaged at every octet'
	@echo 'make soak TIME=300   each web server for so many seconds under 64 clients, some hostile; SERVERS=nginx: only that one'
	@echo 'make prove           Frama-C proves the contracts of what reads foreign octets, for every input'
	@echo 'make hardening       what protects the programs as they were built, line by line; fails where something is missing'
	@echo 'make deps            installs what these need (demo, check, lint, fuzz, prove do it themselves)'
	@echo 'make install         to DESTDIR=$(DESTDIR) PREFIX=$(PREFIX); make uninstall takes it away'
	@echo '                     OCSP_GROUP=ocsp-cgi installs the responder set-group-ID, as README.md recommends; it stays so'
	@echo 'make dist            dist/$(NAME).tar.xz of the committed files, and its SBOM (SPDX) beside it'
	@echo 'make clean           removes build/ and dist/'
	@echo
	@echo 'SIGN=lowlevel|evp    the signer: calls that start fastest (default), or none that OpenSSL deprecates'
	@echo 'DYNAMIC=1            ocsp-cgi linked dynamically, where there is no libcrypto.a'
	@echo 'REDIS_TLS=1|0        TLS to Redis (rediss://), by libssl: unasked, where hiredis has TLS as well'
	@echo 'PIE=1                ocsp-cgi linked as a static PIE: all addresses are random, for four times the cost'
	@echo 'START=libc           ocsp-cgi starts as all programs do, where lib/startup/start.c is not wanted'
	@echo 'SANITIZE=1           with the sanitizers, in build/asan'
	@echo 'NO_SANDBOX=1         without the sandbox, for valgrind (SANITIZE=1 is without it, too)'
	@echo 'WERROR=1             warnings are errors'
	@echo 'BUILD=folder         instead of build/'

deps:
	@tests/deps.sh build check lint fuzz prove

demo:
	@tests/deps.sh build
	@$(MAKE) -s all
	@tests/demo.sh $(BUILD)

# Tests and programs, of both signers: what `check` runs.
unit-tests: all $(UNIT_TESTS) $(FUZZ_TARGETS) $(BUILD)/faults/ocsp-cgi $(PIE_TOO)

# Where TLS to Redis is not built by itself, its tests get a third pair of programs.
TLS_TESTS = $(addprefix $(BUILD)/tests/,test_redis_tls test_status_redis test_status_redis_link)
tls-tests: all $(TLS_TESTS) $(BUILD)/faults/ocsp-cgi

valgrind-programs: $(BUILD)/ocsp-cgi $(BUILD)/dynamic/ocsp-cgi

check:
	@tests/deps.sh build check
	@$(MAKE) -s unit-tests SIGN=lowlevel BUILD=$(BUILD)
	@$(MAKE) -s unit-tests SIGN=evp BUILD=$(BUILD)/evp
	@$(if $(WITH_TLS),,$(MAKE) -s tls-tests REDIS_TLS=1 BUILD=$(BUILD)/tls)
	@$(if $(SANITIZE),,$(MAKE) -s valgrind-programs SIGN=lowlevel NO_SANDBOX=1 BUILD=$(BUILD)/valgrind)
	@$(if $(SANITIZE),,$(MAKE) -s valgrind-programs SIGN=evp NO_SANDBOX=1 BUILD=$(BUILD)/evp/valgrind)
	@tests/run.sh $(BUILD) $(BUILD)/evp $(if $(WITH_TLS),,$(BUILD)/tls:redis_tls)

check-asan:
	@$(MAKE) -s check SANITIZE=1 BUILD=build/asan

lint:
	@tests/deps.sh build check lint
	@$(MAKE) -s unit-tests WERROR=1 BUILD=build/gcc CC=gcc REDIS_TLS=1
	@$(MAKE) -s unit-tests WERROR=1 BUILD=build/clang CC=clang SIGN=evp REDIS_TLS=0
	@$(MAKE) -s build/clang/tls/libocsp.a WERROR=1 BUILD=build/clang/tls CC=clang REDIS_TLS=1
	@tests/lint.sh build/gcc

# The table of targets, the sweeps, the web servers: some minutes. bench-gate: what is counted, not timed, against
# tests/bench/baseline.txt; bench-baseline writes that anew.
BENCH = $(BUILD)/ocspctl $(BUILD)/ocsp-cgi $(BUILD)/bench/spawn $(BUILD)/bench/floor $(BUILD)/bench/plain-cgi
bench bench-gate bench-baseline:
	@tests/deps.sh build bench
	@$(MAKE) -s bench-programs SIGN=lowlevel BUILD=$(BUILD)
	@$(MAKE) -s all SIGN=evp BUILD=$(BUILD)/evp
	@$(MAKE) -s $(BUILD)/valgrind/ocsp-cgi SIGN=lowlevel NO_SANDBOX=1 BUILD=$(BUILD)/valgrind
	@$(MAKE) -s $(BUILD)/evp/valgrind/ocsp-cgi SIGN=evp NO_SANDBOX=1 BUILD=$(BUILD)/evp/valgrind
	@/usr/bin/python3 -B tests/bench/$(subst -,_,$@).py $(BUILD)

bench-programs: $(BENCH)

$(BUILD)/bench/spawn: $(BUILD)/tests/bench/spawn.o
	@mkdir -p $(@D)
	$(LINK) -pie -o $@ $^ $(LDLIBS)

$(BUILD)/bench/floor: $(BUILD)/tests/bench/floor.o
	@mkdir -p $(@D)
	$(LINK) -static -o $@ $^

$(BUILD)/bench/plain-cgi: $(BUILD)/tests/bench/plain-cgi.o
	@mkdir -p $(@D)
	$(LINK) -pie -o $@ $^ -lhiredis -lcrypto $(LDLIBS)

# Each web server in turn under 64 clients, for TIME seconds. What is asked, and when it fails: tests/soak/soak.py.
soak:
	@tests/deps.sh build check
	@$(MAKE) -s all $(BUILD)/soak/client
	@/usr/bin/python3 -B tests/soak/soak.py $(BUILD) $(TIME) $(SERVERS)

$(BUILD)/soak/client: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/soak/*.c))
	@mkdir -p $(@D)
	$(LINK) -pie -o $@ $^ -lcrypto $(LDLIBS)

# What `check` does in short: each system call and each allocation failing in each way, each octet of each value.
faults:
	@tests/deps.sh build check
	@$(MAKE) -s $(BUILD)/ocspctl $(BUILD)/ocsp-cgi $(BUILD)/faults/ocsp-cgi $(BUILD)/tests/test_answer_damage
	@tests/faults/run.sh $(BUILD)

# What the compiler and the linker have left in the programs against those who find a mistake in them.
hardening: all $(PIE_TOO)
	@echo '$(BUILD)/ocsp-cgi:'
	@tests/supply/hardening.sh $(KIND) $(BUILD)/ocsp-cgi $(BUILD)/ocsp-cgi.o $(LIB_OBJECTS)
	@$(foreach program,$(PIE_TOO),echo && echo '$(program):' && \
		tests/supply/hardening.sh pie $(program) $(BUILD)/ocsp-cgi.o $(LIB_OBJECTS) &&) true
	@echo
	@echo '$(BUILD)/ocspctl:'
	@tests/supply/hardening.sh dynamic $(BUILD)/ocspctl $(BUILD)/ocspctl.o $(CTL_OBJECTS)

TIME   ?= 60
FUZZER ?= libfuzzer
fuzz:
	@tests/deps.sh build fuzz $(if $(filter afl,$(FUZZER)),afl)
	+@tests/fuzz/run.sh $(FUZZER) $(TIME)

fuzz-targets: $(FUZZ_TARGETS)

fuzz-coverage:
	@tests/deps.sh build fuzz
	+@tests/fuzz/coverage.sh

prove:
	@tests/deps.sh prove
	@tests/prove/run.sh $(BUILD)/prove $(PROVE:%=lib/%.c)

BIN = $(DESTDIR)$(PREFIX)/bin
CGI = $(DESTDIR)$(PREFIX)/lib/cgi-bin
DOC = $(DESTDIR)$(PREFIX)/share/doc/ocsp-cgi
# Where both programs look by themselves, whatever the PREFIX: made, never filled, never taken away.
CONF = $(DESTDIR)/etc/ocsp-cgi
DATA = $(DESTDIR)/var/lib/ocsp-cgi

# OCSP_GROUP=ocsp-cgi: the program has that group's rights, which nothing else on the host has, and with them it reads the snapshot.
# Not given: the group of a set-group-ID program that is there; an update without it would take the site down. OCSP_GROUP= is none.
GROUP_OF    = $(shell [ -g $(1) ] && ls -ld $(1) | awk '{ print $$4 }')
GROUP_THERE = $(or $(call GROUP_OF,$(CGI)/ocsp-cgi),$(call GROUP_OF,$(DATA)))
ifeq ($(origin OCSP_GROUP),undefined)
KEPT_GROUP  = $(call GROUP_OF,$(CGI)/ocsp-cgi)
endif
GROUP       = $(OCSP_GROUP)$(KEPT_GROUP)

# A recipe is expanded before its first line is run: the group is that of what is replaced, or removed. Folders that are there
# keep owner and mode, but for OCSP_GROUP.
install: all
	$(if $(GROUP),@tests/supply/group.sh $(GROUP))
	@[ -z '$(KEPT_GROUP)' ] || echo 'ocsp-cgi stays set-group-ID $(KEPT_GROUP), as it is there (make install OCSP_GROUP= ends that)'
	install -d $(BIN) $(CGI) $(DOC)
	$(foreach folder,$(CONF) $(DATA),[ -d $(folder) ] || install -d $(folder);)
	$(if $(OCSP_GROUP)$(if $(wildcard $(DATA)),,$(GROUP)),install -d -o root -g $(GROUP) -m 2750 $(DATA))
	install -m 755 $(BUILD)/ocspctl $(BIN)/ocspctl
	install $(if $(GROUP),-o root -g $(GROUP) -m 2755,-m 755) $(BUILD)/ocsp-cgi $(CGI)/ocsp-cgi
	install -m 644 README.md SECURITY.md LICENSE config.yaml.example www/index.html $(wildcard www/*.conf) $(DOC)

uninstall:
	rm -f $(BIN)/ocspctl $(CGI)/ocsp-cgi
	rm -f $(addprefix $(DOC)/,README.md SECURITY.md LICENSE config.yaml.example index.html $(notdir $(wildcard www/*.conf)))
	-rmdir $(DOC) 2>/dev/null
	@[ ! -e $(DATA) ] || echo '$(DATA) stays: snapshots, with keys in them, and tables; to remove it: rm -r $(DATA)'
	@[ ! -e $(CONF) ] || echo '$(CONF) stays: the configuration, and what lies beside it; to remove it: rm -r $(CONF)'
	@[ -z '$(GROUP_THERE)' ] || echo 'the group $(GROUP_THERE) stays; to remove it, where nothing else uses it: groupdel $(GROUP_THERE)'

# What is shipped is built once more where it is unpacked; of that the SBOM speaks.
NAME = ocsp-cgi-$(VERSION)
dist:
	@tests/deps.sh build dist
	@tests/supply/archive.sh dist/$(NAME).tar.xz $(NAME)
	@rm -rf build/dist
	@mkdir -p build/dist
	@tar -xJf dist/$(NAME).tar.xz -C build/dist
	@$(MAKE) -s -C build/dist/$(NAME) all BUILD=build
	@/usr/bin/python3 -B tests/supply/sbom.py dist/$(NAME).tar.xz build/dist/$(NAME) > dist/$(NAME).spdx.json
	@echo dist/$(NAME).tar.xz dist/$(NAME).spdx.json

clean:
	rm -rf build dist

.PHONY: all help deps demo unit-tests tls-tests valgrind-programs check check-asan lint bench bench-gate bench-baseline bench-programs faults hardening soak fuzz fuzz-targets fuzz-coverage prove install uninstall dist clean always
.SECONDARY:
.DELETE_ON_ERROR:
