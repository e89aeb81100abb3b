import java.io.FileInputStream;
import java.security.cert.*;
import java.util.*;

/**
 * CheckPath ROOT,CERTIFICATE[,ISSUER…] …: Java's own validation of each path, by OCSP alone (a CRL is no way out). One line
 * for each path: "good", or what CertPathValidatorException calls the reason.
 */
class CheckPath {
	static X509Certificate read(String file) throws Exception {
		try (FileInputStream in = new FileInputStream(file)) {
			return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
	}

	static void validate(String[] files) throws Exception {
		List<X509Certificate> path = new ArrayList<>();
		for (int i = 1; i < files.length; i++)
			path.add(read(files[i]));
		CertPathValidator validator = CertPathValidator.getInstance("PKIX");
		PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
		checker.setOptions(EnumSet.of(
			PKIXRevocationChecker.Option.NO_FALLBACK, PKIXRevocationChecker.Option.ONLY_END_ENTITY));
		PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(read(files[0]), null)));
		parameters.addCertPathChecker(checker);
		validator.validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
	}

	public static void main(String[] paths) throws Exception {
		for (String path : paths) {
			String found = "good";
			try {
				validate(path.split(","));
			} catch (CertPathValidatorException e) {
				found = e.getReason().toString();
			}
			System.out.println(path + ": " + found);
		}
	}
}
