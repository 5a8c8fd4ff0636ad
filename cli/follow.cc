#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/event_stream.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/terminal.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// Prints each event at once, in the form asked for.
class Printer {
 public:
  explicit Printer(const CommonOptions& common) : common_(common) {}

  void event(const StreamEvent& event) {
    json::error_code error;
    const auto value = json::parse(event.data, error);
    if (error || !value.is_object()) return;
    const auto& object = value.get_object();
    const auto& inner = object_of(object, "journey");
    const auto& journey = inner.empty() ? object : inner;
    if (!has_text(journey, "id")) {
      notice(event.name, object);
      return;
    }
    print(journey);
    std::cout.flush();
  }

 private:
  void print(const json::object& journey) {
    switch (common_.output) {
      case Output::json:
      case Output::ndjson:
        std::cout << harmless_json(json::serialize(journey)) << '\n';
        break;
      case Output::csv: {
        const auto rows = csv_of_list({{"items", {{{"journey", journey}}}}});
        const auto head = rows.find('\n') + 1;
        std::cout << (headed_ ? rows.substr(head) : rows);
        headed_ = true;
        break;
      }
      case Output::table:
        std::cout << render_followed(journey, common_.view());
        break;
    }
  }
  // What the daemon says about the stream itself: lines that a slow reader missed, and the like.
  void notice(const std::string& name, const json::object& object) const {
    std::cout.flush();
    const auto view = common_.view();
    const auto text = name == "skipped" ? view.say(Text::follow_skipped,
                                                   {view.number(number_of(object, "messages"))})
                                        : escape(name + " " + json::serialize(object));
    print_aside(text);
  }

  const CommonOptions& common_;
  bool headed_ = false;
};

int run_follow(const CommonOptions& common, const FindOptions& find) {
  auto parameters = find.parameters();
  parameters.emplace_back("lang", language_name(common.language()));
  EventStream events;
  Printer printer(common);
  const auto take = [&](std::string_view bytes) {
    events.feed(bytes, [&](const StreamEvent& event) { printer.event(event); });
    return std::cout.good();
  };
  const Client client(common.socket);
  auto response = ask_without_what_is_refused(
      make_target("/v1/follow", parameters),
      [&](const std::string& target) { return client.stream(target, take); });
  if (response && response->status == 200)
    return fail(kUnreachableOrIncomplete, say(common.language(), Text::follow_ended));
  const auto judged = judge(common, std::move(response), NotFound::is_an_old_daemon);
  return judged ? kFound : judged.error();
}

}  // namespace

void add_follow(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "follow",
      "Show messages as they come and change, until you press Ctrl-C. With the filters of "
      "find.");
  auto find = std::make_shared<FindOptions>();
  add_filter_options(*command, *find);
  command->footer(
      "Examples:\n"
      "  rastro follow --to @example.org\n"
      "  rastro follow --outcome deferred,bounced,rejected\n"
      "  rastro follow --login ana --output ndjson | jq .counts");
  command->callback(
      [line, find] { line.run = [line, find] { return run_follow(line.common, *find); }; });
}

}  // namespace rastro::cli
