// config.md, "Process" (terminal, consoleSize), and the two ways to a terminal: --console-socket and the
// caller's own.
#include "support/terminal.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

Edit with_terminal(const Edit& more = {}) {
  return [more](json& config) {
    config["process"]["terminal"] = true;
    if (more) more(config);
  };
}

/// Foreground `run` on a terminal of our own.
struct Foreground {
  Bundle bundle;
  Container container;
  Terminal terminal;
  Running run;
  explicit Foreground(const std::string& line, const Edit& more = {})
      : bundle(line, with_terminal(more)),
        container(bundle),
        terminal(33, 77),
        run(container.begin(container.making("run"),
                            {.fds = {{terminal.slave(), 0}, {terminal.slave(), 1}, {terminal.slave(), 2}}})) {
  }
};

}  // namespace

TEST_CASE("terminal: the console socket hands out the master (config.md, terminal)", "[terminal]") {
  NEEDS_ROOT();
  const Bundle bundle("tty ; stat /dev/console ; echo over", with_terminal());
  Container container(bundle);
  Receiver receiver(bundle.beside("console.sock"));
  container.create({"--console-socket", receiver.path()});
  const int master = receiver.descriptor();
  CHECK(isatty(master) == 1);
  container.start();
  std::string text = read_until(master, "echo=over");
  std::erase(text, '\r');
  const Facts facts(text);
  for (const char* fd : {"tty.0", "tty.1", "tty.2"}) CHECK(facts[fd] == "1");
  CHECK_THAT(facts["tty.name"], Catch::StartsWith("/dev/"));
  CHECK(facts["tty.controlling.errno"] == "0");
  CHECK(facts["tty.foreground"] == "1");
  CHECK(facts["stat:/dev/console.type"] == "char");
  CHECK_THAT(facts["stat:/dev/console.rdev"], Catch::StartsWith("136:"));
}

TEST_CASE("terminal: consoleSize is its size (config.md, consoleSize)", "[terminal]") {
  NEEDS_ROOT();
  const Bundle bundle("tty ; echo over", with_terminal([](json& config) {
                        config["process"]["consoleSize"] = {{"height", 21}, {"width", 99}};
                      }));
  Container container(bundle);
  Receiver receiver(bundle.beside("console.sock"));
  container.create({"--console-socket", receiver.path()});
  const int master = receiver.descriptor();
  container.start();
  std::string text = read_until(master, "echo=over");
  std::erase(text, '\r');
  CHECK(Facts(text)["tty.size"] == "21x99");
}

TEST_CASE("terminal: consoleSize without a terminal is ignored (config.md, consoleSize)", "[terminal]") {
  NEEDS_ROOT();
  CHECK(inside("tty", [](json& config) {
          config["process"]["consoleSize"] = {{"height", 21}, {"width", 99}};
        })["tty.1"] == "0");
}

TEST_CASE("terminal: create needs a console socket, and takes none without a terminal", "[terminal]") {
  NEEDS_ROOT();
  const Bundle with("echo ran", with_terminal());
  Container first(with);
  const Finished lacking = first.call(first.making("create"));
  CHECK(lacking.status != 0);
  CHECK_THAT(lacking.err, Catch::Contains("console"));
  CHECK(first.leftovers() == std::vector<std::string>{});

  const Bundle without("echo ran");
  Container second(without);
  Receiver receiver(without.beside("console.sock"));
  const Finished surplus = second.call(second.making("create", {"--console-socket", receiver.path()}));
  CHECK(surplus.status != 0);
  CHECK_THAT(surplus.err, Catch::Contains("console"));
}

TEST_CASE("terminal: a console socket that nobody listens on is refused by its name", "[terminal]") {
  NEEDS_ROOT();
  const Bundle bundle("echo ran", with_terminal());
  Container container(bundle);
  const Finished done = container.call(container.making("create", {"--console-socket", "/run/no-such.sock"}));
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/run/no-such.sock"));
  CHECK(container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("terminal: run in the foreground gives the payload a terminal of the caller's size", "[terminal]") {
  NEEDS_ROOT();
  Foreground it("tty ; echo over");
  std::string text = read_until(it.terminal.master(), "echo=over");
  std::erase(text, '\r');
  const Facts facts(text);
  for (const char* fd : {"tty.0", "tty.1", "tty.2"}) CHECK(facts[fd] == "1");
  CHECK(facts["tty.size"] == "33x77");
  CHECK(facts["tty.controlling.errno"] == "0");
  CHECK(it.run.wait().status == 0);
}

TEST_CASE("terminal: a change of the caller's size reaches the payload", "[terminal]") {
  NEEDS_ROOT();
  Foreground it("winch");
  read_until(it.terminal.master(), "winch.ready=1");
  it.terminal.resize(50, 132);
  it.run.kill(SIGWINCH);
  CHECK_THAT(read_until(it.terminal.master(), "winch.size="), Catch::Contains("winch.size="));
  CHECK(it.run.wait().status == 0);
}

TEST_CASE("terminal: output is relayed byte for byte, with no carriage return doubled", "[terminal]") {
  NEEDS_ROOT();
  Foreground it("echo one ; echo two");
  const std::string text = read_until(it.terminal.master(), "two\r\n");
  CHECK(text == "echo=one\r\necho=two\r\n");
  CHECK(it.run.wait().status == 0);
}

TEST_CASE("terminal: lines that go to a file end as the payload wrote them (termios(3), ONLCR)",
          "[terminal]") {
  NEEDS_ROOT();
  const Bundle bundle("echo one ; echo two", with_terminal());
  Container container(bundle);
  const Terminal terminal(24, 80);
  const Finished done = container.begin(container.making("run"), {.fds = {{terminal.slave(), 0}}}).wait();
  CHECK(done.status == 0);
  CHECK(done.out == "echo=one\necho=two\n");
}

TEST_CASE("terminal: a lot of output arrives whole", "[terminal]") {
  NEEDS_ROOT();
  const Bundle bundle("cat /etc/big ; echo over", with_terminal());
  std::string file;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = "line " + std::to_string(i) + " of many";
    file += line + "\n";
    expected += "line:/etc/big=" + line + "\r\n";
  }
  write_file(bundle.rootfs("/etc/big"), file);
  Container container(bundle);
  const Terminal terminal(24, 80);
  Running run =
      container.begin(container.making("run"),
                      {.fds = {{terminal.slave(), 0}, {terminal.slave(), 1}, {terminal.slave(), 2}}});
  const std::string text = read_until(terminal.master(), "echo=over\r\n");
  CHECK(text.size() == expected.size() + 11);
  CHECK(text == expected + "echo=over\r\n");
  CHECK(run.wait().status == 0);
}

TEST_CASE("terminal: input and control characters reach the payload", "[terminal]") {
  NEEDS_ROOT();
  Foreground typed("echo ready ; copy");
  read_until(typed.terminal.master(), "ready\r\n");
  write_all(typed.terminal.master(), "typed\n");
  // once as the container's terminal echoes it, once as the payload copies it
  CHECK_THAT(read_until(typed.terminal.master(), "typed\r\ntyped\r\n"), Catch::Equals("typed\r\ntyped\r\n"));
  write_all(typed.terminal.master(), "\x04");  // end of file
  CHECK(typed.run.wait().status == 0);

  Foreground interrupted("await 2 9");
  read_until(interrupted.terminal.master(), "awaiting=2");
  write_all(interrupted.terminal.master(), "\x03");  // SIGINT of the container's terminal, not of ours
  CHECK(interrupted.run.wait().status == 9);
}

TEST_CASE("terminal: the end of what is no terminal is the end of the payload's input", "[terminal]") {
  NEEDS_ROOT();
  const std::string text = GENERATE("", "typed\n", "half a line");
  const Bundle bundle("copy", with_terminal());
  Container container(bundle);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  write_all(ends[1], text);
  close(ends[1]);
  Running run = container.begin(container.making("run"), {.fds = {{ends[0], 0}}});
  close(ends[0]);
  const Finished done = run.wait();
  CHECK(done.status == 0);
  CHECK(done.out == text + text);  // as the container's terminal echoes it, and as the payload copies it
}

TEST_CASE("terminal: the caller's terminal has its modes back after run", "[terminal]") {
  NEEDS_ROOT();
  termios before{}, after{};
  Foreground it("sleep 200");
  REQUIRE(tcgetattr(it.terminal.slave(), &before) == 0);
  CHECK(it.run.wait().status == 0);
  REQUIRE(tcgetattr(it.terminal.slave(), &after) == 0);
  CHECK((after.c_oflag & OPOST) != 0);
  CHECK((after.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
}

TEST_CASE("terminal: an ordinary user owns the terminal it is given", "[terminal]") {
  NEEDS_ROOT();
  Foreground it("stat /dev/pts/0 ; tty ; echo over", [](json& config) {
    config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
  });
  std::string text = read_until(it.terminal.master(), "echo=over");
  std::erase(text, '\r');
  const Facts facts(text);
  CHECK_THAT(facts["stat:/dev/pts/0.owner"], Catch::StartsWith("1000:"));
  CHECK(facts["tty.controlling.errno"] == "0");
}

TEST_CASE("terminal: run outlives the reader of its output, and leaves nothing behind", "[terminal]") {
  NEEDS_ROOT();
  const std::string script = "i=0; while [ $i -lt 3000 ]; do echo many many words; i=$((i+1)); done; exit 5";
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", script}, with_terminal());
  Container container(bundle);
  const Terminal terminal(24, 80);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Running run = container.begin(container.making("run"), {.fds = {{terminal.slave(), 0}, {ends[1], 1}}});
  close(ends[0]);
  close(ends[1]);
  CHECK(run.wait().status == 5);
  CHECK(container.leftovers() == std::vector<std::string>{});
  termios modes{};
  REQUIRE(tcgetattr(terminal.slave(), &modes) == 0);
  CHECK((modes.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO));
}

TEST_CASE("terminal: a payload that lets go of its terminal for a while loses no output", "[terminal]") {
  NEEDS_ROOT();
  const std::string script = "exec <&- >&- 2>&-; sleep 0.2; echo opened again > /dev/console";
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", script}, with_terminal());
  Container container(bundle);
  const Terminal terminal(24, 80);
  Running run =
      container.begin(container.making("run"),
                      {.fds = {{terminal.slave(), 0}, {terminal.slave(), 1}, {terminal.slave(), 2}}});
  CHECK(read_until(terminal.master(), "\r\n") == "opened again\r\n");
  CHECK(run.wait().status == 0);
}
