#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/phrases.h"
#include "cli/render.h"
#include "cli/terminal.h"

namespace rastro::cli {
namespace {

// What the API takes. A bounce says what it says in front; behind it comes the returned message.
constexpr std::size_t kBounceBytesMax = 8 << 20;

struct BounceInput {
  std::string text;
  bool cut = false;  // there was more than kBounceBytesMax
};

Result<BounceInput> read_input(const std::string& name) {
  std::FILE* file = name == "-" ? stdin : std::fopen(name.c_str(), "re");
  const auto failed = [&] { return make_error(Error::Code::io, std::strerror(errno)); };
  if (file == nullptr) return failed();
  std::string text(kBounceBytesMax, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  const bool cut = text.size() == kBounceBytesMax && std::fgetc(file) != EOF;
  const bool bad = std::ferror(file) != 0;
  const auto error = failed();
  if (file != stdin) std::fclose(file);
  if (bad) return error;
  return BounceInput{std::move(text), cut};
}

void say_on_stderr(const CommonOptions& common, Text text, const std::string& argument = {}) {
  print_aside(say(common.language(), text, {argument}));
}

}  // namespace

int run_bounce(const CommonOptions& common, const BounceOptions& options) {
  const auto& file = options.file;
  if (file == "-" && isatty(STDIN_FILENO) != 0) say_on_stderr(common, Text::bounce_paste);
  auto input = read_input(file);
  if (!input)
    return fail(kUsage, escape(file) + ": " + translate(common.language(), input.error().message));
  if (input->cut)
    say_on_stderr(common, Text::bounce_too_long, std::to_string(kBounceBytesMax >> 20) + " MiB");
  const auto answer = ask_with_body(
      common,
      make_target("/v1/bounce",
                  {{"lang", std::string(language_name(common.language()))}, {"tz", common.zone()}}),
      "message/rfc822", input->text);
  if (!answer) return answer.error();
  print(common, *answer,
        {.as_table =
             [&](const View& view) {
               return options.reply ? render_bounce_reply(answer->object, view)
                                    : render_bounce(answer->object, view);
             },
         .as_csv = [&] { return csv_of_values(answer->object); },
         .rows = ""});
  const bool understood = text_of(answer->object, "kind") != "not_a_bounce";
  return understood || !array_of(answer->object, "journeys").empty() ? kFound : kNothingFound;
}

void add_bounce(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "bounce",
      "What a bounce means, and which message it is about. Takes a whole message, or whatever part "
      "of it somebody pasted.");
  auto options = std::make_shared<BounceOptions>();
  command->add_option("FILE", options->file, "the bounce; standard input when it is - or missing");
  command
      ->add_flag("--reply", options->reply,
                 "only the paragraph to paste into a reply to the customer")
      ->group("Bounce");
  command->footer(
      "Examples:\n"
      "  rastro bounce undelivered.eml\n"
      "  rastro bounce                   paste it, then Ctrl-D on an empty line\n"
      "  rastro bounce undelivered.eml --reply --lang es\n"
      "  rastro bounce -o json < bounce.txt");
  command->callback([line, options] {
    line.run = [line, options] { return run_bounce(line.common, *options); };
  });
}

}  // namespace rastro::cli
