# Verifies the DKIM signatures of the mail on standard input; the argument is the port of a name server on this machine.
# One line for each signature: algorithm, domain, selector, result, signed headers.
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $ARGV[0]));
my $dkim = Mail::DKIM::Verifier->new();
binmode STDIN;
while (<STDIN>) {
    s/\r?\n$//;
    $dkim->PRINT("$_\015\012");
}
$dkim->CLOSE;
for my $signature ($dkim->signatures) {
    print join("\t", $signature->algorithm, $signature->domain, $signature->selector, $signature->result_detail,
        join(':', $signature->headerlist)), "\n";
}
