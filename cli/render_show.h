#pragma once

#include <boost/json/fwd.hpp>

#include "cli/page.h"
#include "cli/recipient_groups.h"
#include "cli/render.h"

namespace rastro::cli {

// Sections of `show`, for render_show.cc alone.
void show_timeline(Page& page, const boost::json::object& journey, bool full);
void show_path(Page& page, const boost::json::object& journey);
void show_related(Page& page, const boost::json::object& journey);
void show_recipients(Page& page, const RecipientGroup& group);

}  // namespace rastro::cli
