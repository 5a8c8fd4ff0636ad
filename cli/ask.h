#pragma once

#include <boost/json.hpp>
#include <string>

#include "cli/commands.h"

namespace rastro::cli {

// An answer of the daemon: its bytes, and what they say.
struct Answer {
  std::string body;
  boost::json::object object;
};

// What a 404 is: the thing asked for does not exist, or this rastrod does not know the question.
enum class NotFound { is_an_answer, is_an_old_daemon };

// The exit code is the error: why has been printed.
Result<Answer, int> ask(const CommonOptions& common, const std::string& target, NotFound not_found);
Result<Answer, int> ask_with_body(const CommonOptions& common, const std::string& target,
                                  std::string_view content_type, const std::string& body);
// The same judgement of a response that somebody else fetched.
Result<Answer, int> judge(const CommonOptions& common, Result<Response> response,
                          NotFound not_found);

// A command's answer on standard output, in the form that --output asks for. `as_table` and
// `as_csv` make the text; `rows` names the array whose elements are the lines of ndjson (empty: the
// whole answer is one line).
struct Forms {
  std::function<std::string(const View&)> as_table;
  std::function<std::string()> as_csv;
  std::string_view rows;
  std::string_view within = {};  // of each row, this object is the line: an item's "journey"
};
void print(const CommonOptions& common, const Answer& answer, const Forms& forms);

// Prints a text for a person, through a pager when it is longer than their terminal.
void print_text(const CommonOptions& common, const View& view, std::string_view text);

// JSON as it may be printed: what a terminal would obey or hide is written as \uXXXX.
std::string harmless_json(std::string_view json);

// Prints an error for a person on standard error.
int fail(int exit_code, const std::string& message);

}  // namespace rastro::cli
