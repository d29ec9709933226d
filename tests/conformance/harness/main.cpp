// lodger-conformance: see options.cpp for its usage.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "clean_up.hpp"
#include "files.hpp"
#include "options.hpp"
#include "report.hpp"
#include "runner.hpp"
#include "tests/conformance/cases/all.hpp"

namespace conformance {
namespace {

std::size_t processors() {
  cpu_set_t ours;
  return sched_getaffinity(0, sizeof ours, &ours) == 0 ? static_cast<std::size_t>(CPU_COUNT(&ours)) : 1;
}

/// The cases asked for, those of one section beside each other.
std::vector<Case> chosen(const Options& options) {
  std::vector<Case> cases;
  for (const auto& table : all_cases())
    std::copy_if(table.begin(), table.end(), std::back_inserter(cases),
                 [&](const Case& c) { return options.wants(c); });
  std::vector<std::string> order;
  const auto place = [&](const Case& c) {
    const std::string section = std::string(c.clause.document) + "\n" + std::string(c.clause.section);
    const auto found = std::find(order.begin(), order.end(), section);
    return found != order.end() ? found - order.begin() : (order.push_back(section), std::ssize(order) - 1);
  };
  for (const Case& c : cases) place(c);
  std::stable_sort(cases.begin(), cases.end(),
                   [&](const Case& a, const Case& b) { return place(a) < place(b); });
  return cases;
}

void print_list(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    std::printf("%s\t%s\t%.*s\n", c.full_name().c_str(), cited(c.clause).c_str(),
                static_cast<int>(c.clause.text.size()), c.clause.text.data());
}

std::string absolute(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  const std::string found = real != nullptr ? real : "";
  std::free(real);
  return found;
}

/// Below TMPDIR or /tmp; 0755, since containers with ids of their own have to reach their root filesystems.
std::string make_run_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string folder = absolute(base != nullptr && *base != 0 ? base : "/tmp") + "/lodger-conformance-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr)
    throw std::runtime_error("a folder for the run could not be made: " + folder);
  make_folder(folder);
  return folder;
}

int judge(const Options& options, const std::vector<Case>& cases, Run run) {
  run.folder = make_run_folder();
  write_file(run.probe(), probe_image(), 0755);
  Totals totals;
  const auto report = report_named(options.format, stdout);
  report->begin(cases.size());
  const bool whole = run_cases(cases, run, options.jobs != 0 ? options.jobs : processors(),
                               [&](const Case& test, Verdict verdict) {
                                 if (verdict.kind == Verdict::Kind::failed && options.knows(test))
                                   verdict.kind = Verdict::Kind::known;
                                 totals.add(verdict);
                                 report->add(test, verdict);
                               });
  report->end(totals);
  remove_cgroups(run);
  remove_tree(run.folder);
  return !whole ? 3 : totals.failed == 0 ? 0 : 1;
}

int refuse(const std::string& why) {
  std::fprintf(stderr, "lodger-conformance: %s\nTry lodger-conformance --help.\n", why.c_str());
  return 2;
}

int conform(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  if (!options.error.empty()) return refuse(options.error);
  if (options.help) return std::fwrite(usage().data(), 1, usage().size(), stdout), 0;
  const std::vector<Case> cases = chosen(options);
  if (cases.empty()) return refuse("no case is meant by --filter and --level; --list shows all");
  if (options.list) return print_list(cases), 0;
  const std::string runtime = absolute(options.runtime);
  if (runtime.empty() || access(runtime.c_str(), X_OK) < 0)
    return refuse("--runtime " + options.runtime + ": no program that can be run");
  return judge(options, cases,
               {.runtime = runtime,
                .folder = "",
                .cgroup = "/lodger-conformance-" + std::to_string(getpid()),
                .machine = observe(),
                .case_limit = std::chrono::seconds(options.time_out)});
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
  try {
    return conformance::conform(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lodger-conformance: %s\n", error.what());
    return 2;
  }
}
