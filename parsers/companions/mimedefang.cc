// MIMEDefang (mimedefang.c, Mail/MIMEDefang.pm md_graphdefang_log()).
#include "parsers/companions/internal.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    {"MDLOG,{},{},{?},{?},<{?}>,<{?}>,{?}", "id verdict value relay from to subject", ""},
    {"{}: Bouncing because filter instructed us to", "id", "bounce"},
    {"{}: Discarding because filter instructed us to", "id", "discard"},
    {"{}: Tempfailing because filter instructed us to", "id", "tempfail"},
    {"{}: Filter time is {}ms", "id milliseconds", ""},
    {"{}: Filter failed.  Message kept in {}", "id kept_in", "failed"},
    {"{}: RESULTS file did not finish with 'F' line: Tempfailing", "id", "tempfail"},
    {"[greylist] Tempfail sender {}, please come back later", "from", "greylist"},
    {"[greylist] Tempfail sender {}, email has arrived too soon", "from", "greylist: too soon"},
    {"[greylist] Reject sender {}, email has arrived too late", "from", "reject: too late"},
};
constexpr KnownForm kIgnored[] = {
    {"MIMEDefang alive. {}", "mimedefang.c"},
    {"Multiplexor alive - entering main loop", "mimedefang.c"},
    {"IP validation header is {}", "mimedefang.c"},
    {"started; minWorkers={}", "mimedefang-multiplexor.c"},
    {"Starting worker {} (pid {}) ({} running): {}", "mimedefang-multiplexor.c"},
    {"Worker {} stderr: {}", "mimedefang-multiplexor.c"},
    {"Killing idle worker {} (pid {})", "mimedefang-multiplexor.c"},
    {"Reap: worker {} (pid {}) exited normally with status {}", "mimedefang-multiplexor.c"},
};
constexpr KnownForm kTrouble[] = {
    {"mfconnect: Error communicating with multiplexor", "mimedefang.c"},
    {"mfconnect: No free workers: Need {}, found {}", "mimedefang.c"},
    {"Could not open PID file {}", "mimedefang.c"},
};

}  // namespace

ParsedLine parse_mimedefang(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("mimedefang", LineKind::mimedefang_verdict, kForms, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  if (out.kind == LineKind::unrecognised) out = parse_trouble(kTrouble, text);
  return out;
}

}  // namespace rastro::companions
