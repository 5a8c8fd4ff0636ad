#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/view.h"

namespace CLI {
class App;
}

namespace rastro::cli {

enum class Output { table, json, ndjson, csv };

// What every command takes.
struct CommonOptions {
  std::string socket;
  Output output = Output::table;
  std::string lang;  // "" is the locale's
  std::string tz;    // "" is TZ's, else the machine's
  bool no_pager = false;
  bool waits_for_ever = false;  // scan: a private rastrod has no time limit; summary
  std::string scanned;          // View::scanned

  Language language() const;
  // For the API's `tz`: empty unless --tz or TZ names a zone.
  std::string zone() const;
  View view() const;
};

// The command line while it is being built. A command registers its subcommand and options, and
// sets `run` when it is the one that was called. Options live as long as `run` holds them.
struct CommandLine {
  CLI::App& app;
  CommonOptions& common;
  std::function<int()>& run;  // returns an exit code of exit_code.h
};

// `rastro find`: each option is the API's parameter of the same meaning; empty: not asked.
struct FindOptions {
  std::string from, to, any, at, within, since, until, outcome, reason, submission, direction, id,
      message_id, client, login, relay, domain, subject, text, sort, cursor;
  std::string limit;
  bool any_given() const;
  // A word without an option: what it is like decides which one it is.
  void take_word(const std::string& word);
  QueryParameters parameters() const;
};
void add_filter_options(CLI::App& command, FindOptions& find);  // without times and limits
void add_find_options(CLI::App& command, FindOptions& find);

// One per command, each in its own file; command_line.cc calls them in the order of the help.
void add_find(CommandLine line);
void add_show(CommandLine line);
void add_explain(CommandLine line);
void add_bounce(CommandLine line);
void add_reasons(CommandLine line);
void add_follow(CommandLine line);
void add_summary(CommandLine line);
void add_deferrals(CommandLine line);
void add_coverage(CommandLine line);
void add_status(CommandLine line);
void add_completion(CommandLine line);
void add_scan(CommandLine line);

// Asks and prints; for those who already have the options.
int run_find(const CommonOptions& common, const FindOptions& options);
struct ShowOptions {
  std::string id;
  std::string to{};  // this recipient only; "": all
  bool raw = false;
  bool full = false;  // every entry of a long timeline
};
int run_show(const CommonOptions& common, const ShowOptions& options);
// A message has no recipient of that name.
int no_such_recipient(const CommonOptions& common, const boost::json::object& journey,
                      const std::string& address);
struct BounceOptions {
  std::string file = "-";  // "-": standard input
  bool reply = false;      // only the paragraph for the customer
};
int run_bounce(const CommonOptions& common, const BounceOptions& options);
// What `rastro` alone answers.
int run_problems(const CommonOptions& common);

}  // namespace rastro::cli
