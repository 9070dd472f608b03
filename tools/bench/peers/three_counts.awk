# What one would type instead: how often each status, client and target occurs, all of it, not sorted and without bytes.
{
    status[$9]++
    client[$1]++
    target[$7]++
}
END {
    for (key in status) print "status", key, status[key]
    for (key in client) print "client", key, client[key]
    for (key in target) print "target", key, target[key]
}
