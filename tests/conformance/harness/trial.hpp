// What a case works with: containers to make, expectations to state. See README.md beside this folder.
#pragma once
#include <deque>
#include <string>
#include <string_view>

#include "case.hpp"
#include "command.hpp"
#include "container.hpp"
#include "record.hpp"
#include "run.hpp"
#include "shown.hpp"

namespace conformance {

/// Thrown to end a case early; what led there has been recorded.
struct Stop {};

class Trial {
 public:
  Trial(const Case& test, const Run& run, std::size_t index, int record);

  const Machine& machine() const { return run_.machine; }
  const Run& run() const { return run_; }
  /// Which row of the case's table this is: see each() in case.hpp.
  std::size_t row() const { return case_.row; }
  /// A folder that only this case has, and that is removed after it.
  const std::string& folder() const { return folder_; }
  /// A name that nothing else on this machine has.
  const std::string& name() const { return name_; }

  /// A new container, not yet created, with a minimal bundle of its own. Lives as long as the trial.
  Container& container();
  /// A container whose id is given, "" included. The bundle is as always.
  Container& container_named(const std::string& id);
  /// `<runtime> --root <the case's state> ARGS`, to its end; recorded for the report.
  Finished runtime(const std::vector<std::string>& args, const Setting& setting = {});

  /// The same in two halves, for a command whose output outlives it.
  Running begin(const std::vector<std::string>& args, const Setting& setting = {});
  Finished finish(Running& running);

  /// Asks again and again until it is true; the last answer.
  template <class Question>
  bool eventually(Question question) const {
    return conformance::eventually(question, run_.patience());
  }

  /// What the specification demands, and what was there. Returns whether it held; the case goes on.
  template <class Want, class Saw>
  bool expect_eq(std::string_view what, const Want& want, const Saw& saw) {
    return expect(what, shown(want) == shown(saw), shown(want), shown(saw));
  }
  template <class Unwanted, class Saw>
  bool expect_ne(std::string_view what, const Unwanted& unwanted, const Saw& saw) {
    return expect(what, shown(unwanted) != shown(saw), "other than " + shown(unwanted), shown(saw));
  }
  bool expect(std::string_view what, bool holds, std::string_view expected, std::string_view saw);
  /// `part` has to occur in `whole`.
  bool expect_has(std::string_view what, std::string_view part, std::string_view whole);
  /// It "MUST generate an error": it ended by itself, and not with 0. A crash or a time-out is no error.
  bool expect_error(std::string_view what, const Finished& done);
  bool expect_success(std::string_view what, const Finished& done);

  /// As expect, and the case ends where it does not hold: for what later steps build upon.
  void require(std::string_view what, bool holds, std::string_view expected, std::string_view saw);
  void require_success(std::string_view what, const Finished& done);
  /// Ends the case as skipped: for what only shows while it runs.
  [[noreturn]] void skip(const std::string& reason);

  /// From here on the case and the runtime have a mount namespace of their own, whose mounts the host never
  /// sees.
  void own_mount_namespace();

  /// Runs the case. For the supervisor.
  void go();

 private:
  const Case& case_;
  const Run& run_;
  std::string folder_, name_;
  Record record_;
  std::size_t expectations_ = 0;
  std::deque<Container> containers_;
};

}  // namespace conformance
