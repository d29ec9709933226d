#include "runtime/cli/process_table.hpp"

#include <catch2/catch.hpp>

#include <vector>

using lodger::cli::lines_of;

TEST_CASE("ps: the headings, and the lines with one of the pids below PID") {
  const std::vector<pid_t> pids = {2, 33};
  const auto lines = lines_of(
      "UID   PID PPID CMD\n"
      "root    1    2 init\n"
      "root    2    0 [kthreadd]\n"
      "\n"
      "33    333   33 worker 33\n"
      "root   33    1 a 33\n",
      pids);
  REQUIRE(lines);
  CHECK(*lines == "UID   PID PPID CMD\nroot    2    0 [kthreadd]\nroot   33    1 a 33\n");
}

TEST_CASE("ps: a table without the column, and lines that belong to no pid") {
  const std::vector<pid_t> pids = {7};
  CHECK_FALSE(lines_of("COMMAND\nsh\n", pids));
  CHECK_FALSE(lines_of("", pids));
  CHECK(lines_of("PID", pids) == "PID\n");
  CHECK(lines_of("PID X\n- 7\n7x 7\nerror\n 7 y", pids) == "PID X\n 7 y\n");
}
