import HyprToolKit

HyprCommand.main()
