import CSystem
import HyprToolKit

// The process is the tool's own: it computes as the library does until it ends.
system_float_enter()
HyprCommand.start()
