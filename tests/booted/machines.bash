# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Small Debians with systemd as their first process, for kernels that run as programs: a disk image of each, made once
# and kept as $CACHE/NAME.image. Needs tests/real-kernels/kernels.bash.

MACHINES_MAX_AGE_MINUTES=$((7 * 24 * 60))

machines_kernel() {
	case $1 in
	apparmor) echo 6.1 ;;
	selinux) echo 6.12 ;;
	*) return 1 ;;
	esac
}

# What the kernel's command line has for it.
machines_security() {
	case $1 in
	apparmor) echo 'apparmor=1 security=apparmor' ;;
	selinux) echo 'selinux=1 enforcing=0 security=selinux' ;;
	esac
}

machines_packages() {
	local common='systemd-sysv dbus kmod jq bindfs fuse3 libmount1 libjson-c5 libcap2 libyaml-0-2'
	case $1 in
	apparmor) echo "$common apparmor" ;;
	selinux) echo "$common selinux-policy-default policycoreutils" ;;
	esac
}

# machines_run ROOT COMMAND...: no service starts
machines_run() {
	local root=$1
	shift
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount --propagation private -- bash -euc '
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		cat /etc/resolv.conf >"$1/etc/resolv.conf" || :
		root=$1
		shift
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$root" "$@"' - "$root" "$@" </dev/null
}

# machines_install NAME ROOT CODENAME
machines_install() {
	local packages mirror
	read -ra packages <<<"$(machines_packages "$1")"
	mirror=$(debian_mirror) || return
	debootstrap --variant=minbase "$3" "$2" "$mirror" || return
	apt-config dump Acquire | grep -i '::proxy' >"$2/etc/apt/apt.conf.d/90booted"
	machines_run "$2" apt-get -q update || return
	machines_run "$2" apt-get -q -y --no-install-recommends install "${packages[@]}" || return
	rm -rf -- "$2"/var/cache/apt/archives/*.deb "$2"/var/lib/apt/lists/* "$2/usr/sbin/policy-rc.d"
}

# The unit that runs guest.sh at each boot, and stand-ins for CRI-O and the kubelet that write down what they found.
machines_furnish() {
	local root=$1
	echo booted >"$root/etc/hostname"
	printf '%s / ext4 defaults 0 1\n%s\n' /dev/ubda 'media /srv/media tmpfs defaults,private,mode=755 0 0' \
		>"$root/etc/fstab"
	mkdir -p "$root"/srv/media "$root"/mnt/{tree,results}
	cat >"$root/etc/systemd/system/crio.service" <<-'END'
		[Unit]
		Description=A stand-in for CRI-O
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c 'findmnt -no PROPAGATION /srv/media >/run/crio-found'
		[Install]
		WantedBy=multi-user.target
	END
	cat >"$root/etc/systemd/system/booted.service" <<-'END'
		[Unit]
		Description=The tests
		After=multi-user.target
		[Service]
		Type=idle
		# mount(8) that speaks the new calls needs the name of the parameter, which older kernels do not know.
		ExecStartPre=/bin/sh -c 'mount -t hostfs -o "$RESULTS" results /mnt/results || mount -t hostfs -o "hostfs=$RESULTS" results /mnt/results'
		ExecStartPre=/bin/sh -c 'mount -t hostfs -o "$TREE" tree /mnt/tree || mount -t hostfs -o "hostfs=$TREE" tree /mnt/tree'
		ExecStart=/bin/bash /mnt/tree/tests/booted/guest.sh
		EnvironmentFile=/run/booted.env
		ExecStopPost=/bin/systemctl --no-block poweroff
	END
	# Kernel's command line to environment: before anything else.
	cat >"$root/etc/systemd/system/booted-environment.service" <<-'END'
		[Unit]
		Description=What the tests were given
		Before=booted.service
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c "tr ' ' '\n' </proc/cmdline | sed -n 's/^fsh_tree=/TREE=/p; s/^fsh_results=/RESULTS=/p; s/^fsh_machine=/MACHINE=/p' >/run/booted.env"
	END
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s /etc/systemd/system/crio.service /etc/systemd/system/booted.service \
		/etc/systemd/system/booted-environment.service "$root/etc/systemd/system/multi-user.target.wants/"
	# Nobody logs in, and there are no disks to wait for.
	ln -sf /dev/null "$root/etc/systemd/system/systemd-udevd.service"
	ln -sf /dev/null "$root/etc/systemd/system/getty.target"
}

# What setfiles(8) would do at the first boot: labels are attributes, which this kernel stores whatever it makes of them.
machines_label() {
	local root=$1 policy=etc/selinux/default
	[[ -d $root/$policy ]] || return 0
	sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$root/etc/selinux/config"
	chroot "$root" setfiles -F /$policy/contexts/files/file_contexts / 2>&1 | tail -n 3
}

machines_is_fresh() {
	[[ -n $(find "$CACHE/$1.image" -mmin "-$MACHINES_MAX_AGE_MINUTES" 2>/dev/null) &&
		$CACHE/$1.image -nt tests/booted/machines.bash ]]
}

# machines_prepare NAME LOG
machines_prepare() {
	local name=$1 log=$2 root=$CACHE/$1.root codename
	: >"$log"
	kernels_prepare "$(machines_kernel "$name")" "$log" || return
	machines_is_fresh "$name" && return
	codename=$(kernels_codename "$(machines_kernel "$name")")
	rm -rf --one-file-system -- "$root" "$CACHE/$name.image"
	{
		machines_install "$name" "$root" "$codename" &&
			machines_furnish "$root" && machines_label "$root" &&
			mke2fs -q -t ext4 -d "$root" "$CACHE/$name.new" 1200M &&
			mv -- "$CACHE/$name.new" "$CACHE/$name.image" && rm -rf --one-file-system -- "$root"
	} >>"$log" 2>&1
}
