#include "runtime/cli/flags.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::cli;

namespace {

/// One flag of each kind.
struct Given {
  bool detach = false, no_pivot = false;
  std::string bundle, rootless;
  unsigned count = 0;
  std::vector<std::string> publish;

  std::vector<Flag> flags() {
    return {
        {"detach", 'd', "", "return early", &detach},  {"no-pivot", 0, "", "no pivot", &no_pivot},
        {"bundle", 'b', "DIR", "the bundle", &bundle}, {"preserve-fds", 0, "N", "descriptors", &count},
        {"publish", 'p', "PORTS", "", &publish},       {"rootless", 0, "", "rootless", Optional{&rootless}}};
  }
  Outcome<Arguments> parse(std::vector<std::string_view> words, Order order = Order::anywhere) {
    const auto table = flags();
    return cli::parse(words, table, order);
  }
};

using List = std::vector<std::string_view>;

}  // namespace

TEST_CASE("both spellings of a value, one dash or two, and the letter") {
  for (const List& words : {List{"--bundle", "/b"}, List{"--bundle=/b"}, List{"-bundle", "/b"},
                            List{"-bundle=/b"}, List{"-b", "/b"}, List{"-b=/b"}, List{"-b/b"}}) {
    Given given;
    INFO(words.front());
    REQUIRE(given.parse(words));
    CHECK(given.bundle == "/b");
  }
}

TEST_CASE("a value may begin with a dash, hold an equals sign, or be empty") {
  Given given;
  REQUIRE(given.parse({"--bundle", "-x"}));
  CHECK(given.bundle == "-x");
  REQUIRE(given.parse({"--bundle=a=b"}));
  CHECK(given.bundle == "a=b");
  REQUIRE(given.parse({"--bundle="}));
  CHECK(given.bundle.empty());
}

TEST_CASE("switches") {
  Given given;
  REQUIRE(given.parse({"-no-pivot", "-d"}));
  CHECK(given.no_pivot);
  CHECK(given.detach);
  REQUIRE(given.parse({"--no-pivot=false", "--detach=0"}));
  CHECK_FALSE(given.no_pivot);
  CHECK_FALSE(given.detach);
  CHECK(given.parse({"--detach=maybe"}).error().text == "--detach=maybe: a switch is either true or false");
}

TEST_CASE("of a repeated flag the last one counts, lists gather") {
  Given given;
  REQUIRE(given.parse({"--bundle=a", "-d", "--bundle", "b", "-d", "-p", "1:1", "--publish=2:2", "-p3:3"}));
  CHECK(given.bundle == "b");
  CHECK(given.publish == std::vector<std::string>{"1:1", "2:2", "3:3"});
}

TEST_CASE("letters may share a dash") {
  Given given;
  REQUIRE(given.parse({"-db", "/x", "id"}));
  CHECK(given.detach);
  CHECK(given.bundle == "/x");
  REQUIRE(given.parse({"-dp80:80"}));
  CHECK(given.publish == std::vector<std::string>{"80:80"});
  CHECK(given.parse({"-dz"}).error().text == "flag provided but not defined: -dz");
}

TEST_CASE("a value that may be left out takes the next word only if it is one of its own") {
  Given given;
  CHECK(given.parse({"--rootless", "list"})->words == List{"list"});
  CHECK(given.rootless == "true");
  CHECK(given.parse({"--rootless", "auto", "list"})->words == List{"list"});
  CHECK(given.rootless == "auto");
  CHECK(given.parse({"--rootless=false", "true"})->words == List{"true"});
  CHECK(given.rootless == "false");
  CHECK(given.parse({"--rootless"}));
}

TEST_CASE("numbers are whole and not negative") {
  Given given;
  REQUIRE(given.parse({"--preserve-fds", "3"}));
  CHECK(given.count == 3);
  for (const char* text : {"-1", "x", "", "3x", "4294967296", " 3"}) {
    INFO(text);
    CHECK_FALSE(given.parse({"--preserve-fds", text}));
  }
}

TEST_CASE("what is no flag of the command is refused as it was written") {
  Given given;
  CHECK(given.parse({"--foo"}).error().text == "flag provided but not defined: --foo");
  CHECK(given.parse({"-foo"}).error().text == "flag provided but not defined: -foo");
  CHECK(given.parse({"--b", "x"}));  // a letter behind two dashes is understood
  CHECK_FALSE(given.parse({"--bundl", "x"}));
  CHECK_FALSE(given.parse({"--=x"}));
  CHECK(given.parse({"--bundle"}).error().text == "--bundle needs a value: --bundle DIR");
  CHECK(given.parse({"-p"}).error().text == "--publish needs a value: --publish PORTS");
}

TEST_CASE("flags stand anywhere, or only before the first argument") {
  Given given;
  CHECK(given.parse({"id", "-d", "--bundle", "x"})->words == List{"id"});
  CHECK(given.detach);
  Given other;
  CHECK(other.parse({"-d", "id", "-9", "--bundle"}, Order::first)->words == List{"id", "-9", "--bundle"});
  CHECK(other.detach);
  CHECK(other.bundle.empty());
}

TEST_CASE("two dashes end the flags, one alone is an argument") {
  Given given;
  CHECK(given.parse({"a", "--", "-d", "--"})->words == List{"a", "-d", "--"});
  CHECK_FALSE(given.detach);
  CHECK(given.parse({"-"})->words == List{"-"});
  CHECK(given.parse({"-d", "--", "-x"}, Order::first)->words == List{"-x"});
}

TEST_CASE("help is found among the flags") {
  for (const char* word : {"-h", "--help", "-help"}) {
    Given given;
    CHECK(given.parse({"-d", word, "--unknown"})->help);
  }
  Given given;
  CHECK_FALSE(given.parse({"--bundle", "-h"})->help);
  CHECK_FALSE(given.parse({"id", "-h"}, Order::first)->help);
}

TEST_CASE("the number of arguments is checked, except for help") {
  const Usage one{"state", "<container-id>", "", 1, 1};
  const auto count = [](const Usage& usage, List words) { return cli::parse(words, usage, {}); };
  CHECK(count(one, {"a"}));
  CHECK(count(one, {}).error().text ==
        "\"state\" requires exactly 1 argument, not 0: lodger state <container-id>");
  CHECK_FALSE(count(one, {"a", "b"}));
  CHECK(count(one, {"--help"}));
  const Usage range{"kill", "<container-id> [signal]", "", 1, 2, Order::first};
  CHECK(count(range, {"a", "-9"}));
  CHECK(count(range, {}).error().text.find("requires 1 to 2 arguments, not 0") != std::string::npos);
  const Usage none{"list", "", "", 0, 0};
  CHECK(count(none, {}));
  CHECK(count(none, {"x"}).error().text == "\"list\" requires no arguments, not 1: lodger list");
  CHECK(count(none, {"-x"}).error().text ==
        "list: flag provided but not defined: -x; see \"lodger list --help\"");
}

TEST_CASE("the help shows each flag but the hidden ones") {
  Given given;
  const auto text = help_text({"run", "<container-id>", "Runs.", 1, 1}, given.flags());
  CHECK(text.starts_with("Runs.\n\nUsage: lodger run [flags] <container-id>\n"));
  CHECK(text.find("-b, --bundle DIR") != std::string::npos);
  CHECK(text.find("    --no-pivot ") != std::string::npos);
  CHECK(text.find("publish") == std::string::npos);
  CHECK(text.find("-h, --help") != std::string::npos);
  CHECK(help_text({"spec", "", "Writes.", 0, 0}, given.flags())
            .starts_with("Writes.\n\nUsage: lodger spec [flags]\n\n"));
}
