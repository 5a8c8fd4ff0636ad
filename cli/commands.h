#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/client.h"

namespace rastro::cli {

enum class Output { table, json, ndjson, csv };

struct CommonOptions {
  std::string socket;
  Output output = Output::table;
  std::string lang;  // "", "en", "es"
};

// `rastro find`: each option is the API's parameter of the same meaning; empty: not asked.
struct FindOptions {
  std::string from, to, any, at, within, since, until, outcome, reason, submission, direction, id,
      message_id, client, login, relay, domain, subject, text, tz, sort, cursor;
  std::string limit;
  bool any_given() const;
  QueryParameters parameters() const;
};

// `rastro scan LOG...`: a private rastrod over these files.
struct ScanOptions {
  std::vector<std::string> logs;  // "-": standard input
  std::string export_to;          // a file, or "-"; empty: no export
  bool lines = false;
  std::string year;
  std::string tz;
  std::string show;  // an id to show instead of a list
  bool raw = false;
};

// Each prints its answer and returns an exit code of exit_code.h.
int run_find(const CommonOptions& common, const FindOptions& options);
int run_show(const CommonOptions& common, const std::string& id, bool raw, const std::string& tz);
int run_status(const CommonOptions& common, bool lines);
int run_scan(const CommonOptions& common, const ScanOptions& scan, const FindOptions& find);

// Prints an error for a person on stderr.
int fail(int exit_code, const std::string& message);

}  // namespace rastro::cli
