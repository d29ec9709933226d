#include "command.hpp"

#include <catch2/catch.hpp>
#include <signal.h>

namespace lodger::test {
namespace {

Setting limited(Setting setting) {
  if (setting.limit.count() == 0) setting.limit = std::chrono::seconds(20);
  return setting;
}

}  // namespace

Running::Running(const std::vector<std::string>& argv, const Setting& setting)
    : support::Running(argv, limited(setting)) {}

Finished Running::wait() {
  const Finished done = support::Running::wait();
  INFO(done.command << ": " << done.summary() << "\nstdout: " << done.out);
  REQUIRE_FALSE(done.timed_out);
  return done;
}

void Running::wait_for(const std::string& text) {
  const bool came = eventually([&] { return out().find(text) != std::string::npos; }, limit());
  INFO("waiting for \"" << text << "\"; stdout: " << out() << "stderr: " << err());
  REQUIRE(came);
}

void Running::kill(int signal) const { ::kill(pid(), signal); }

}  // namespace lodger::test
