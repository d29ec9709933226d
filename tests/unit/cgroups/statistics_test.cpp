#include "cgroups/statistics.hpp"

#include <catch2/catch.hpp>

#include <limits>

#include "cgroups/statistics_files.hpp"

using namespace lodger::cgroups;

namespace {

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

Files from(std::map<std::string, std::string> texts) {
  return [texts = std::move(texts)](std::string_view, const std::string& file) -> std::optional<std::string> {
    const auto found = texts.find(file);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  };
}

}  // namespace

TEST_CASE("statistics: the forms of control files") {
  CHECK(number_in("max") == largest);
  CHECK(number_in("17") == 17);
  CHECK(number_in("x") == 0);
  CHECK(flat_keyed("a 1\nb 2\nodd line here\n").at("b") == 2);
  CHECK(numbers_in("1 2 3 ") == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(list_in("0-2,7") == std::vector<std::uint16_t>{0, 1, 2, 7});
  CHECK(list_in("").empty());
  CHECK(list_in("x,3-y").empty());
  CHECK(page_size_of("hugepages-2048kB") == "2MB");
  CHECK(page_size_of("hugepages-1048576kB") == "1GB");
  CHECK(page_size_of("hugepages-64kB") == "64KB");
  CHECK(page_size_of("other").empty());
}

TEST_CASE("statistics: pressure") {
  const auto pressure = pressure_in(
      "some avg10=1.50 avg60=0.10 avg300=0.00 total=1234\nfull avg10=0.25 avg60=0.00 "
      "avg300=0.00 total=5");
  REQUIRE(pressure.some);
  CHECK(pressure.some->avg10 == 1.5);
  CHECK(pressure.some->total == 1234);
  REQUIRE(pressure.full);
  CHECK(pressure.full->avg10 == 0.25);
  CHECK_FALSE(
      pressure_in("some avg10=0.00 avg60=0.00 avg300=0.00 total=0").full);  // cpu.pressure before 5.13
}

TEST_CASE("statistics: cgroup v1") {
  const auto s = statistics_v1(
      from({{"cpuacct.usage", "300"},
            {"cpuacct.stat", "user 2\nsystem 3"},
            {"cpuacct.usage_percpu", "100 200 "},
            {"cpuacct.usage_all", "cpu user system\n0 60 40\n1 150 50"},
            {"cpu.stat", "nr_periods 5\nnr_throttled 2\nthrottled_time 77\nwait_sum 9"},
            {"cpuset.cpus", "0-1"},
            {"cpuset.sched_relax_domain_level", "-1"},
            {"memory.stat", "cache 10\nrss 20"},
            {"memory.usage_in_bytes", "30"},
            {"memory.limit_in_bytes", "4096"},
            {"memory.max_usage_in_bytes", "40"},
            {"memory.failcnt", "6"},
            {"memory.memsw.usage_in_bytes", "31"},
            {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4"},
            {"memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=8"},
            {"pids.current", "3"},
            {"pids.max", "max"},
            {"blkio.throttle.io_service_bytes_recursive", "8:0 Read 512\n8:0 Write 0\nTotal 512"},
            {"blkio.bfq.io_serviced_recursive", "8:0 Read 7"},
            {"blkio.throttle.io_serviced_recursive", "8:0 Read 8"},
            {"blkio.time_recursive", "8:0 99"},
            {"hugetlb.2MB.usage_in_bytes", "0"},
            {"hugetlb.2MB.failcnt", "1"},
            {"hugetlb.1GB.usage_in_bytes", "5"},
            {"hugetlb.1GB.rsvd.usage_in_bytes", "6"}}),
      {"2MB", "1GB", "64KB"});
  REQUIRE(s.memory.pressure);  // of a cgroup2 tree beside it
  CHECK(s.memory.pressure->some->total == 8);
  CHECK_FALSE(s.cpu.pressure);
  CHECK(s.cpu.total == 300);
  CHECK(s.cpu.user == 20'000'000);
  CHECK(s.cpu.kernel == 30'000'000);
  CHECK(s.cpu.per_cpu == std::vector<std::uint64_t>{100, 200});
  CHECK(s.cpu.per_cpu_user == std::vector<std::uint64_t>{60, 150});
  CHECK(s.cpu.per_cpu_kernel == std::vector<std::uint64_t>{40, 50});
  CHECK(s.cpu.periods == 5);
  CHECK(s.cpu.throttled_time == 77);
  CHECK_FALSE(s.cpu.pressure);
  CHECK(s.cpuset.cpus.size() == 2);
  CHECK(s.cpuset.sched_relax_domain_level == -1);
  CHECK(s.memory.cache == 10);
  CHECK(s.memory.raw.at("rss") == 20);
  CHECK(s.memory.memory.limit == 4096);
  CHECK(s.memory.memory.max == 40);
  CHECK(s.memory.memory.failures == 6);
  CHECK(s.memory.swap.usage == 31);
  CHECK(s.memory.oom_kills == 4);
  CHECK(s.pids.current == 3);
  CHECK(s.pids.limit == 0);
  REQUIRE(s.block_io.service_bytes.size() == 2);
  CHECK(s.block_io.service_bytes[0].operation == "Read");
  CHECK(s.block_io.service_bytes[0].value == 512);
  REQUIRE(s.block_io.serviced.size() == 1);
  CHECK(s.block_io.serviced[0].value == 7);
  REQUIRE(s.block_io.time.size() == 1);
  CHECK(s.block_io.time[0].operation.empty());
  CHECK(s.hugepages.size() == 2);
  CHECK(s.hugepages.at("2MB").failures == 1);
  CHECK(s.hugepages.at("1GB").usage == 6);  // what is reserved counts, where the kernel counts it
}

TEST_CASE("statistics: cgroup2, in v1's units") {
  const auto s = statistics_v2(
      from({{"cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_throttled 1\nthrottled_usec 9"},
            {"cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1"},
            {"memory.stat", "anon 1\nfile 8"},
            {"memory.current", "100"},
            {"memory.max", "200"},
            {"memory.peak", "150"},
            {"memory.events", "low 0\nmax 3\noom 1\noom_kill 2"},
            {"memory.swap.current", "10"},
            {"memory.swap.max", "50"},
            {"memory.swap.peak", "40"},
            {"pids.current", "4"},
            {"pids.max", "64"},
            {"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n7:0"},
            {"hugetlb.1GB.current", "0"},
            {"hugetlb.1GB.rsvd.current", "7"},
            {"hugetlb.1GB.rsvd.max", "max"},
            {"hugetlb.1GB.events", "max 2"}}),
      {"2MB", "1GB"});
  CHECK(s.cpu.total == 5000);
  CHECK(s.cpu.user == 3000);
  CHECK(s.cpu.kernel == 2000);
  CHECK(s.cpu.throttled_time == 9000);
  REQUIRE(s.cpu.pressure);
  CHECK(s.cpu.pressure->some->total == 1);
  CHECK_FALSE(s.memory.pressure);
  CHECK(s.memory.cache == 8);
  CHECK(s.memory.memory.limit == 200);
  CHECK(s.memory.memory.failures == 3);
  CHECK(s.memory.swap.usage == 110);
  CHECK(s.memory.swap.limit == 250);
  CHECK(s.memory.swap.max == 0);  // nobody measures the peak of the sum
  CHECK(s.memory.oom_kills == 2);
  CHECK(s.pids.limit == 64);
  REQUIRE(s.block_io.service_bytes.size() == 3);
  CHECK(s.block_io.service_bytes[2].operation == "Discard");
  CHECK(s.block_io.serviced[1].value == 4);
  CHECK(s.hugepages.at("1GB").limit == largest);
  CHECK(s.hugepages.at("1GB").usage == 7);
  CHECK(s.hugepages.at("1GB").failures == 2);
}

TEST_CASE("statistics: cgroup2 without the controller of pids has its processes at least") {
  const auto s = statistics_v2(from({{"cgroup.procs", "17\n18\n20"}}), {});
  CHECK(s.pids.current == 3);
  CHECK(s.pids.limit == 0);
}

TEST_CASE("statistics: no limit of memory is none of memory and swap together") {
  const auto s = statistics_v2(from({{"memory.max", "max"}, {"memory.swap.max", "50"}}), {});
  CHECK(s.memory.memory.limit == largest);
  CHECK(s.memory.swap.limit == largest);
}
